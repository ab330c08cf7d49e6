#!/bin/bash
# Makes Nextcloud ready in the template: its program files, checked twice, the web server, PHP and an empty database. What belongs to
# one installation (its identity, secrets, accounts) comes at first boot with setup.sh; until then nothing listens.
set -euo pipefail

# A new version: take its checksum from a source other than the download, and let the signature agree.
version=33.0.9
checksum=f331c1041d027e6588526d2a00ce42bc70a9622eab5871c0be9177252cf77423
signer=28806A878AE423A28372792ED75899B9A724937A

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
get() {
    if ! curl --silent --show-error --fail --location --proto =https --retry 3 --max-time 900 --output "$work/$1" "$2"; then
        echo "Nextcloud cannot be baked: $2 cannot be downloaded from this machine." >&2
        exit 1
    fi
}
get archive "https://download.nextcloud.com/server/releases/nextcloud-$version.tar.bz2"
get signature "https://download.nextcloud.com/server/releases/nextcloud-$version.tar.bz2.asc"
get key https://nextcloud.com/nextcloud.asc
echo "$checksum  $work/archive" | sha256sum --check --quiet
export GNUPGHOME=$work/gnupg
install -d -m 0700 "$GNUPGHOME"
gpg --batch --quiet --import "$work/key"
gpg --batch --quiet --status-fd 1 --verify "$work/signature" "$work/archive" 2> /dev/null | grep "^\[GNUPG:\] VALIDSIG .*$signer\$" > /dev/null
gpgconf --kill all

# Program files belong to root; what Nextcloud changes itself, to the web server.
tar -xjf "$work/archive" -C /var/www --no-same-owner
rm -rf /var/www/nextcloud/updater
install -d -m 0750 -o www-data -g www-data /var/www/nextcloud/config /var/www/nextcloud/custom_apps
chown -R www-data:www-data /var/www/nextcloud/config
install -d -m 0750 -o www-data -g www-data /var/lib/nextcloud /var/lib/nextcloud/data /var/log/nextcloud

# The database listens on its socket alone, and knows the web server's account by the system's word (peer).
cat > /etc/postgresql/15/main/conf.d/allotment.conf <<'END'
listen_addresses = ''
ssl = off
shared_buffers = 128MB
max_connections = 60
END
as_database() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
pg_ctlcluster 15 main start
trap 'pg_ctlcluster 15 main stop -m fast; rm -rf "$work"' EXIT
as_database createuser www-data
as_database createdb --owner=www-data --template=template0 --encoding=UTF8 --locale=C.UTF-8 nextcloud

for kind in fpm cli; do
    cat > /etc/php/8.2/$kind/conf.d/90-allotment.ini <<'END'
memory_limit = 512M
upload_max_filesize = 16G
post_max_size = 16G
max_execution_time = 3600
output_buffering = 0
expose_php = Off
apc.enable_cli = 1
opcache.interned_strings_buffer = 16
opcache.max_accelerated_files = 20000
opcache.memory_consumption = 192
END
done
cat > /etc/php/8.2/fpm/pool.d/www.conf <<'END'
[www]
user = www-data
group = www-data
listen = /run/php/php8.2-fpm.sock
listen.owner = www-data
listen.group = www-data
pm = ondemand
pm.max_children = 24
pm.process_idle_timeout = 120s
clear_env = no
env[PATH] = /usr/local/bin:/usr/bin:/bin
END

# After "NGINX configuration" in Nextcloud's administration manual.
cat > /etc/nginx/sites-available/default <<'END'
map $http_x_forwarded_proto $client_https { https on; "" $https; default ""; }
map $http_x_forwarded_proto $client_proto { default $http_x_forwarded_proto; "" $scheme; }
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    root /var/www/nextcloud;
    index index.php index.html /index.php$request_uri;
    server_tokens off;
    client_max_body_size 16g;
    client_body_timeout 300s;
    fastcgi_buffers 64 4K;
    include mime.types;
    types { text/javascript mjs; }
    add_header Referrer-Policy no-referrer always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Permitted-Cross-Domain-Policies none always;
    add_header X-Robots-Tag "noindex, nofollow" always;
    location = /robots.txt { allow all; }
    location ^~ /.well-known {
        location = /.well-known/carddav { return 301 $client_proto://$http_host/remote.php/dav/; }
        location = /.well-known/caldav { return 301 $client_proto://$http_host/remote.php/dav/; }
        return 301 $client_proto://$http_host/index.php$request_uri;
    }
    location ~ ^/(?:build|tests|config|lib|3rdparty|templates|data)(?:$|/) { return 404; }
    location ~ ^/(?:\.|autotest|occ|issue|indie|db_|console) { return 404; }
    location ~ \.php(?:$|/) {
        rewrite ^/(?!index|remote|public|cron|core\/ajax\/update|status|ocs\/v[12]|updater\/.+|ocs-provider\/.+|.+\/richdocumentscode(_arm64)?\/proxy) /index.php$request_uri;
        fastcgi_split_path_info ^(.+?\.php)(/.*)$;
        set $path_info $fastcgi_path_info;
        try_files $fastcgi_script_name =404;
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_param PATH_INFO $path_info;
        fastcgi_param HTTPS $client_https if_not_empty;
        fastcgi_param modHeadersAvailable true;
        fastcgi_param front_controller_active true;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        fastcgi_intercept_errors on;
        fastcgi_request_buffering off;
        fastcgi_read_timeout 3600s;
    }
    location ~ \.(?:css|js|mjs|svg|gif|ico|jpg|png|webp|wasm|tflite|map|ogg|flac|woff2?)$ {
        try_files $uri /index.php$request_uri;
        expires 7d;
    }
    location /remote { return 301 /remote.php$request_uri; }
    location / { try_files $uri $uri/ /index.php$request_uri; }
}
END

cat > /etc/systemd/system/nextcloud-cron.service <<'END'
[Unit]
Description=Background jobs of Nextcloud
After=postgresql@15-main.service

[Service]
Type=oneshot
User=www-data
Group=www-data
ExecStart=/usr/bin/php -f /var/www/nextcloud/cron.php
END
cat > /etc/systemd/system/nextcloud-cron.timer <<'END'
[Unit]
Description=Background jobs of Nextcloud, every five minutes

[Timer]
OnBootSec=5min
OnUnitActiveSec=5min

[Install]
WantedBy=timers.target
END
cat > /etc/logrotate.d/nextcloud <<'END'
/var/log/nextcloud/*.log {
    weekly
    rotate 8
    compress
    copytruncate
    missingok
    notifempty
    su www-data www-data
}
END
nginx -t -q
systemctl disable --quiet nginx.service php8.2-fpm.service nextcloud-cron.timer
