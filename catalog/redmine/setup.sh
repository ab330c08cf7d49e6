#!/bin/bash
# Makes the template's Redmine the one of this order. Everything that comes from the order is read by Ruby as JSON, from
# order.json; nothing of it passes through the shell but the language's code. Running it again changes what the order changed.
set -euo pipefail

order=/etc/allotment/order.json
language=$(allotment-guest get .language)
say() { # English, Dutch, German
    case $language in nl) echo ":: $2" ;; de) echo ":: $3" ;; *) echo ":: $1" ;; esac
}
as_database() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }
databases() { as_database psql -qXAt -d postgres -c 'SELECT datname FROM pg_database'; }

say "Preparing the database" "De database wordt voorbereid" "Die Datenbank wird vorbereitet"
systemctl start postgresql@15-main.service
if ! databases | grep -qx redmine; then
    case $language in nl | de) chosen=redmine_$language ;; *) chosen=redmine_en ;; esac
    as_database psql -qX -d postgres -c "ALTER DATABASE $chosen RENAME TO redmine"
fi
for spare in $(databases | grep '^redmine_' || true); do
    as_database dropdb "$spare"
done

say "Writing the configuration" "De instellingen worden geschreven" "Die Konfiguration wird geschrieben"
ruby /etc/allotment/configuration.rb < "$order"
install -D -m 0644 /etc/allotment/access.rb /usr/share/redmine/plugins/allotment_access/init.rb

say "Starting Redmine with your account" "Redmine wordt gestart met je account" "Redmine wird mit Ihrem Konto gestartet"
handover=/run/redmine-setup
trap 'rm -rf $handover' EXIT
install -d -m 0700 -o www-data -g www-data $handover
install -m 0400 -o www-data -g www-data "$order" /etc/allotment/accounts.rb $handover
if ! systemctl restart redmine.service; then
    journalctl --unit redmine.service --boot --no-pager --lines 15 --output cat
    exit 1
fi
systemctl enable --quiet redmine.service nginx.service
systemctl start nginx.service
curl --silent --show-error --fail --output /dev/null --retry 30 --retry-delay 1 --retry-all-errors --max-time 20 \
    --header 'X-Forwarded-Proto: https' http://127.0.0.1/login
say "Redmine answers" "Redmine geeft antwoord" "Redmine antwortet"
