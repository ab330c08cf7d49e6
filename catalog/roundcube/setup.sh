#!/bin/bash
# Makes the template's Roundcube the one of this order. What the order says goes into a file of data by jq, and PHP reads it there;
# nothing of it passes through the shell but the language's code. Running it again changes what the order changed.
set -euo pipefail

order=/etc/allotment/order.json
language=$(allotment-guest get .language)
say() { # English, Dutch, German
    case $language in nl) echo ":: $2" ;; de) echo ":: $3" ;; *) echo ":: $1" ;; esac
}

say "Writing the configuration" "De instellingen worden geschreven" "Die Konfiguration wird geschrieben"
umask 027
jq '{
    imap_host: .mail.imap_host, imap_port: .mail.imap_port, imap_security: (.mail.imap_security // "starttls"),
    smtp_host: .mail.host, smtp_port: .mail.port, smtp_security: (if .mail.starttls then "starttls" elif .mail.port == 465 then "tls" else "none" end),
    domain: .mail.domain, session_key: .secrets.session_key, title: (.answers.title // .title), language: .language
} | if any(.[]; . == null) then error("the order lacks a mail server, the domain, the title or the session key") else . end' "$order" > /etc/roundcube/allotment.json.new
chgrp www-data /etc/roundcube/allotment.json.new
mv /etc/roundcube/allotment.json.new /etc/roundcube/allotment.json

authority=/usr/local/share/ca-certificates/allotment-mail.crt
jq -r '.mail.ca // ""' "$order" > "$authority.new"
if [ -s "$authority.new" ] && ! cmp -s "$authority.new" "$authority"; then
    chmod 0644 "$authority.new"
    mv "$authority.new" "$authority"
    update-ca-certificates > /dev/null
fi
rm -f "$authority.new"

say "Starting the webmail" "De webmail wordt gestart" "Das Webmail wird gestartet"
systemctl enable --quiet nginx.service php8.2-fpm.service roundcube-gc.timer roundcube-cleandb.timer
systemctl restart php8.2-fpm.service
systemctl start nginx.service roundcube-gc.timer roundcube-cleandb.timer
curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-all-errors --max-time 20 \
    --header 'X-Forwarded-Proto: https' http://127.0.0.1/ | grep rcmloginuser > /dev/null
say "The webmail answers" "De webmail geeft antwoord" "Das Webmail antwortet"
