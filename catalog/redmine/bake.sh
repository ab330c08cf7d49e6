#!/bin/bash
# Makes Redmine ready in the template: databases migrated and filled, program files described to systemd and to the web server. What
# belongs to one order (names, secrets, accounts) comes at first boot with setup.sh; until then nothing listens, and the
# administrator's account is locked.
set -euo pipefail

instance=/etc/redmine/default
as_web() { (cd /usr/share/redmine && setpriv --reuid=www-data --regid=www-data --init-groups env HOME=/var/cache/redmine RAILS_ENV=production "$@"); }
as_database() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

# The database listens on its socket alone, and knows the web server's account by the system's word (peer).
cat > /etc/postgresql/15/main/conf.d/allotment.conf <<'END'
listen_addresses = ''
ssl = off
shared_buffers = 64MB
max_connections = 30
END
cat > $instance/database.yml <<'END'
production:
  adapter: postgresql
  database: <%= ENV.fetch("REDMINE_DATABASE", "redmine") %>
  username: www-data
  encoding: utf8
END
chown root:www-data $instance/database.yml
chmod 0640 $instance/database.yml

# Puma speaks to the web server over a socket; one process, since Redmine's caches are kept per process. Gemfile.local is read by
# Debian's Gemfile, also when the package is renewed.
cat > /usr/share/redmine/Gemfile.local <<'END'
gem "puma"
gem "bootsnap", require: false
END
(cd /usr/share/redmine && rm -f /var/lib/redmine/Gemfile.lock && bundle install --local --quiet)
chown www-data:www-data /var/lib/redmine/Gemfile.lock
cat > /etc/redmine/puma.rb <<'END'
directory "/usr/share/redmine"
rackup "/etc/redmine/config.ru"
environment "production"
bind "unix:///run/redmine/puma.sock?umask=0007"
workers 0
threads 1, 8
END
# Compiled program files (bootsnap) halve the time to start. What setup.sh leaves in /run/redmine-setup is put into the database after Redmine is loaded and before it listens: so one start
# does for both, and nobody reaches a Redmine that is half set up.
cat > /etc/redmine/config.ru <<'END'
require "bootsnap"
Bootsnap.setup(cache_dir: "/var/cache/redmine/program", development_mode: false, load_path_cache: true,
               compile_cache_iseq: true, compile_cache_yaml: true)
require "/usr/share/redmine/config/environment"
load "/run/redmine-setup/accounts.rb" if File.exist?("/run/redmine-setup/accounts.rb")
run Rails.application
END
cat > /etc/systemd/system/redmine.service <<'END'
[Unit]
Description=Redmine
After=postgresql@15-main.service
Requires=postgresql@15-main.service

[Service]
Type=exec
User=www-data
Group=www-data
WorkingDirectory=/usr/share/redmine
Environment=HOME=/var/cache/redmine LANG=C.UTF-8 RAILS_ENV=production
RuntimeDirectory=redmine
NoNewPrivileges=yes
UMask=0027
ExecStart=/usr/bin/bundle exec puma -C /etc/redmine/puma.rb
ExecStartPost=/usr/bin/curl --silent --output /dev/null --unix-socket /run/redmine/puma.sock --max-time 30 \
    --retry 100 --retry-delay 1 --retry-all-errors http://localhost/login
TimeoutStartSec=120
Restart=on-failure

[Install]
WantedBy=multi-user.target
END

# Cookies are for https alone where people come by https; setup.sh leaves the file that says so.
cat > /usr/share/redmine/config/additional_environment.rb <<'END'
config.session_store :cookie_store, key: "_redmine_session", path: "/", same_site: :lax,
                     secure: File.exist?("/etc/redmine/default/https")
END

# Redmine knows LDAP and LDAPS. This plugin adds StartTLS, and takes names from cn where an entry has no given name.
mkdir -p /usr/share/redmine/plugins/allotment_directory
cat > /usr/share/redmine/plugins/allotment_directory/init.rb <<'END'
Redmine::Plugin.register :allotment_directory do
  name "Directory of the hosting portal"
  description "StartTLS, and names from cn"
  version "1"
end

module AllotmentDirectory
  private

  def initialize_ldap_con(user, password)
    connection = super
    if tls && Redmine::Configuration["ldap_start_tls"]
      connection.encryption(method: :start_tls, tls_options: OpenSSL::SSL::SSLContext::DEFAULT_PARAMS)
    end
    connection
  end

  def search_attributes = super + ["cn"]

  def get_user_attributes_from_ldap_entry(entry)
    attributes = super
    first, last = AuthSourceLdap.get_attr(entry, "cn").to_s.split(" ", 2)
    attributes[:firstname] = (attributes[:firstname].presence || first || "-")[0, 30]
    attributes[:lastname] = attributes[:lastname].presence || last || "-"
    attributes
  end
end

AuthSourceLdap.prepend(AllotmentDirectory)
END

cat > /etc/nginx/sites-available/default <<'END'
map $http_x_forwarded_proto $client_proto { default $http_x_forwarded_proto; "" $scheme; }
upstream redmine { server unix:/run/redmine/puma.sock fail_timeout=0; }
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    root /usr/share/redmine/public;
    server_tokens off;
    client_max_body_size 200m;
    location / { try_files $uri @redmine; }
    location ~ ^/(stylesheets|javascripts|images|themes|plugin_assets)/ { expires 1d; try_files $uri @redmine; }
    location @redmine {
        proxy_pass http://redmine;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $client_proto;
        proxy_read_timeout 120s;
    }
}
END
cat > /etc/logrotate.d/redmine <<'END'
/var/log/redmine/*/*.log {
    weekly
    rotate 8
    compress
    copytruncate
    missingok
    notifempty
    su www-data www-data
}
END

# One database per language, since the names of trackers, states and roles are data: setup.sh keeps one of them.
pg_ctlcluster 15 main start
trap 'pg_ctlcluster 15 main stop -m fast' EXIT
as_database createuser www-data
as_database createdb --owner=www-data --template=template0 --encoding=UTF8 --locale=C.UTF-8 redmine_new
as_web env REDMINE_DATABASE=redmine_new SCHEMA=/dev/null bundle exec rake db:migrate > /dev/null
for language in en nl de; do
    as_database createdb --owner=www-data --template=redmine_new "redmine_$language"
    as_web env REDMINE_DATABASE="redmine_$language" REDMINE_LANG="$language" bundle exec rake redmine:load_default_data > /dev/null
    as_database psql -qX -d "redmine_$language" -c "UPDATE users SET status = 3, hashed_password = '', salt = '' WHERE login = 'admin'"
done
as_database dropdb redmine_new

# Load it once as it will be loaded: that compiles, and proves that it starts.
install -d -o www-data -g www-data /var/cache/redmine/program
as_web env REDMINE_DATABASE=redmine_en bundle exec ruby -e 'require "rack"; Rack::Builder.parse_file("/etc/redmine/config.ru")'

nginx -t -q
systemctl disable --quiet nginx.service redmine.service
