#!/bin/bash
# Makes Roundcube ready in the template: its database, the web server, and a configuration that reads what belongs to one order from
# a file of data. Until setup.sh has written that file, nothing listens.
set -euo pipefail

data=/var/lib/roundcube/db
as_web() { setpriv --reuid=www-data --regid=www-data --init-groups "$@"; }

# One small database for settings and address books; writers and readers do not wait for each other (WAL).
install -d -m 0750 -o www-data -g www-data $data
as_web php -r '
    $db = new PDO("sqlite:/var/lib/roundcube/db/roundcube.db", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $db->exec("PRAGMA journal_mode = WAL");
    $db->exec(file_get_contents("/usr/share/roundcube/SQL/sqlite.initial.sql"));
'
chmod 0640 $data/roundcube.db

cat > /etc/roundcube/config.inc.php <<'END'
<?php
// What differs from one installation to the next is data: /etc/roundcube/allotment.json, which setup.sh writes.
$order = json_decode(file_get_contents('/etc/roundcube/allotment.json'), true, 16, JSON_THROW_ON_ERROR);
$scheme = ['tls' => 'ssl://', 'starttls' => 'tls://', 'none' => ''];

$config['db_dsnw'] = 'sqlite:////var/lib/roundcube/db/roundcube.db?mode=0640';
$config['imap_host'] = $scheme[$order['imap_security']] . $order['imap_host'] . ':' . $order['imap_port'];
$config['smtp_host'] = $scheme[$order['smtp_security']] . $order['smtp_host'] . ':' . $order['smtp_port'];
$config['smtp_user'] = '%u';
$config['smtp_pass'] = '%p';
$config['username_domain'] = $order['domain'];
$config['mail_domain'] = $order['domain'];
$config['login_lc'] = 2;
$config['des_key'] = $order['session_key'];
$config['product_name'] = $order['title'];
$config['language'] = ['nl' => 'nl_NL', 'de' => 'de_DE'][$order['language']] ?? 'en_US';
$config['support_url'] = '';
$config['plugins'] = ['archive', 'zipdownload', 'markasjunk', 'attachment_reminder', 'newmail_notifier'];
$config['skin'] = 'elastic';
$config['enable_spellcheck'] = false;
$config['enable_installer'] = false;
$config['log_driver'] = 'syslog';
$config['syslog_id'] = 'roundcube';
$config['ip_check'] = false;
$config['session_lifetime'] = 60;
$config['junk_mbox'] = 'Junk';
$config['drafts_mbox'] = 'Drafts';
$config['sent_mbox'] = 'Sent';
$config['trash_mbox'] = 'Trash';
END

# What mail programs ask to set themselves up (the "autoconfig" of Thunderbird and others).
install -d /usr/local/share/allotment
cat > /usr/local/share/allotment/autoconfig.php <<'END'
<?php
$order = json_decode(file_get_contents('/etc/roundcube/allotment.json'), true, 16, JSON_THROW_ON_ERROR);
$socket = ['tls' => 'SSL', 'starttls' => 'STARTTLS', 'none' => 'plain'];
$xml = new XMLWriter();
$xml->openMemory();
$xml->startDocument('1.0', 'UTF-8');
$xml->startElement('clientConfig');
$xml->writeAttribute('version', '1.1');
$xml->startElement('emailProvider');
$xml->writeAttribute('id', $order['domain']);
$xml->writeElement('domain', $order['domain']);
$xml->writeElement('displayName', $order['title']);
foreach (['incomingServer' => 'imap', 'outgoingServer' => 'smtp'] as $element => $kind) {
    $xml->startElement($element);
    $xml->writeAttribute('type', $kind);
    $xml->writeElement('hostname', $order[$kind . '_host']);
    $xml->writeElement('port', (string) $order[$kind . '_port']);
    $xml->writeElement('socketType', $socket[$order[$kind . '_security']]);
    $xml->writeElement('authentication', 'password-cleartext');
    $xml->writeElement('username', '%EMAILADDRESS%');
    $xml->endElement();
}
$xml->endDocument();
header('Content-Type: text/xml; charset=UTF-8');
echo $xml->outputMemory();
END

cat > /etc/php/8.2/fpm/conf.d/90-allotment.ini <<'END'
upload_max_filesize = 25M
post_max_size = 30M
memory_limit = 128M
expose_php = Off
END
cat > /etc/php/8.2/fpm/pool.d/www.conf <<'END'
[www]
user = www-data
group = www-data
listen = /run/php/php8.2-fpm.sock
listen.owner = www-data
listen.group = www-data
pm = ondemand
pm.max_children = 12
pm.process_idle_timeout = 60s
END

cat > /etc/nginx/sites-available/default <<'END'
map $http_x_forwarded_proto $client_https { https on; "" $https; default ""; }
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    root /var/lib/roundcube/public_html;
    index index.php;
    server_tokens off;
    client_max_body_size 30m;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Robots-Tag "noindex, nofollow" always;
    add_header Referrer-Policy same-origin always;
    location = / { rewrite ^ /index.php last; }
    location = /index.php {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root/index.php;
        fastcgi_param HTTPS $client_https if_not_empty;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        fastcgi_read_timeout 120s;
    }
    location = /.well-known/autoconfig/mail/config-v1.1.xml {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME /usr/local/share/allotment/autoconfig.php;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
    location = /favicon.ico { alias /usr/share/roundcube/skins/elastic/images/favicon.ico; }
    location ~ ^/(program/js|program/resources|skins|plugins)/.+\.(js|css|png|gif|jpe?g|svg|ico|woff2?|ttf|eot|html|json|mp3|wav|ogg)$ {
        expires 7d;
    }
    location / { return 404; }
}
END
nginx -t -q
systemctl disable --quiet nginx.service php8.2-fpm.service roundcube-gc.timer roundcube-cleandb.timer
