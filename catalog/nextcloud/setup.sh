#!/bin/bash
# Makes the template's Nextcloud the one of this order. setup.php reads the order as JSON and hands each value to Nextcloud's own
# command as one argument or as JSON; nothing of it passes through the shell but the language's code. Running it again changes what
# the order changed, and leaves what the tenant changed.
set -euo pipefail

order=/etc/allotment/order.json
language=$(allotment-guest get .language)
say() { # English, Dutch, German
    case $language in nl) echo ":: $2" ;; de) echo ":: $3" ;; *) echo ":: $1" ;; esac
}

authorities=/usr/local/share/ca-certificates
for server in mail directory; do
    file=$authorities/allotment-$server.crt
    jq -r --arg server "$server" '.[$server].ca // ""' "$order" > "$file.new"
    if [ -s "$file.new" ] && ! cmp -s "$file.new" "$file"; then
        chmod 0644 "$file.new"
        mv "$file.new" "$file"
        update-ca-certificates > /dev/null
    fi
    rm -f "$file.new"
done

say "Creating Nextcloud and the administrator's account" \
    "Nextcloud en het account van de beheerder worden gemaakt" \
    "Nextcloud und das Konto der Verwaltung werden angelegt"
systemctl start postgresql@15-main.service
php /etc/allotment/setup.php install < "$order"

say "Writing the settings" "De instellingen worden geschreven" "Die Einstellungen werden geschrieben"
php /etc/allotment/setup.php configure < "$order"

say "Starting Nextcloud" "Nextcloud wordt gestart" "Nextcloud wird gestartet"
systemctl enable --quiet nginx.service php8.2-fpm.service nextcloud-cron.timer
systemctl restart php8.2-fpm.service
systemctl start nginx.service nextcloud-cron.timer
curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-all-errors --max-time 20 \
    --header "Host: $(allotment-guest get .host)" --header 'X-Forwarded-Proto: https' http://127.0.0.1/status.php |
    jq -e '.installed and (.maintenance | not)' > /dev/null
say "Nextcloud answers" "Nextcloud geeft antwoord" "Nextcloud antwortet"
