<?php
// Puts the order, read from standard input, into Nextcloud. Runs as root, and calls occ as the web server's account; a value is
// always one argument of its own, or JSON on standard input, and never part of a command line that a shell reads.
declare(strict_types=1);

const AS_WEB = ['setpriv', '--reuid=www-data', '--regid=www-data', '--init-groups', 'php', '/var/www/nextcloud/occ', '--no-interaction'];

/** Runs occ and returns what it printed. Ends the program when occ fails; the arguments are not shown, they may be secret. */
function occ(array $arguments, string $input = '', bool $mayFail = false): string
{
    $process = proc_open([...AS_WEB, ...$arguments], [['pipe', 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, '/var/www/nextcloud');
    fwrite($pipes[0], $input);
    fclose($pipes[0]);
    $output = stream_get_contents($pipes[1]);
    if (proc_close($process) !== 0 && !$mayFail) {
        fwrite(STDERR, "occ {$arguments[0]} failed:\n$output\n");
        exit(1);
    }
    return $output;
}

function installed(): bool
{
    return (json_decode(occ(['status', '--output=json'], '', true), true)['installed'] ?? false) === true;
}

function install(array $order): void
{
    if (installed()) {
        return;
    }
    occ([
        'maintenance:install', '--database=pgsql', '--database-host=/var/run/postgresql', '--database-name=nextcloud',
        '--database-user=www-data', '--database-pass=', '--data-dir=/var/lib/nextcloud/data',
        '--admin-user=' . $order['admin']['login'], '--admin-pass=' . $order['secrets']['admin_password'],
        '--admin-email=' . $order['admin']['email'],
    ]);
    occ(['user:setting', $order['admin']['login'], 'settings', 'display_name', $order['admin']['name']], '', true);
    occ(['background:cron']);
}

/** The settings of the system, in the form of config:import. */
function system_settings(array $order): array
{
    $https = str_starts_with($order['url'], 'https://');
    $settings = [
        'trusted_domains' => [$order['host'], 'localhost', '127.0.0.1'],
        'overwrite.cli.url' => $order['url'],
        'overwriteprotocol' => $https ? 'https' : '',
        'default_language' => $order['language'],
        'default_locale' => $order['language'],
        'memcache.local' => '\OC\Memcache\APCu',
        'logfile' => '/var/log/nextcloud/nextcloud.log',
        'loglevel' => 2,
        'maintenance_window_start' => 1,
        'updatechecker' => false,
        'apps_paths' => [
            ['path' => '/var/www/nextcloud/apps', 'url' => '/apps', 'writable' => false],
            ['path' => '/var/www/nextcloud/custom_apps', 'url' => '/custom_apps', 'writable' => true],
        ],
    ];
    if ($mail = $order['mail'] ?? null) {
        [$from] = explode('@', $mail['from'], 2);
        $settings += [
            'mail_smtpmode' => 'smtp', 'mail_smtphost' => $mail['host'], 'mail_smtpport' => $mail['port'],
            'mail_smtpsecure' => !$mail['starttls'] && $mail['port'] === 465 ? 'ssl' : '', 'mail_smtpauth' => $mail['user'] !== '',
            'mail_smtpname' => $mail['user'], 'mail_smtppassword' => $mail['password'],
            'mail_from_address' => $from, 'mail_domain' => $mail['domain'],
        ];
    }
    return $settings;
}

function configure(array $order): void
{
    $title = $order['answers']['title'] ?? $order['title'];
    $apps = [
        'theming' => ['name' => $title, 'url' => $order['url']],
        'files' => ['default_quota' => $order['answers']['quota'] ?? 'none'],
    ];
    occ(['config:import'], json_encode(['system' => system_settings($order), 'apps' => $apps], JSON_THROW_ON_ERROR));
    if ($order['directory'] ?? null) {
        directory($order['directory']);
    }
}

/** A value inside an LDAP filter (RFC 4515 section 3). */
function escaped(string $value): string
{
    return ldap_escape($value, '', LDAP_ESCAPE_FILTER);
}

/** Members of the users group may sign in, under the name that they have in the directory. */
function directory(array $directory): void
{
    occ(['app:enable', 'user_ldap']);
    if (!str_contains(occ(['ldap:show-config', 's01'], '', true), 'ldapHost')) {
        occ(['ldap:create-empty-config', '--only-print-prefix']);
    }
    $server = parse_url($directory['uri']);
    $secure = $server['scheme'] === 'ldaps';
    $member = '(&(objectClass=inetOrgPerson)(memberOf=' . escaped($directory['users_dn']) . '))';
    $settings = [
        'ldapHost' => ($secure ? 'ldaps://' : '') . $server['host'],
        'ldapPort' => (string) ($server['port'] ?? ($secure ? 636 : 389)),
        'ldapTLS' => $directory['starttls'] ? '1' : '0',
        'ldapAgentName' => $directory['bind_dn'],
        'ldapAgentPassword' => $directory['bind_password'],
        'ldapBase' => $directory['people_dn'],
        'ldapBaseUsers' => $directory['people_dn'],
        'ldapUserFilter' => $member,
        'ldapLoginFilter' => '(&' . $member . '(uid=%uid))',
        'ldapUserDisplayName' => 'cn',
        'ldapEmailAttribute' => 'mail',
        'ldapExpertUsernameAttr' => 'uid',
        'ldapConfigurationActive' => '1',
    ];
    foreach ($settings as $name => $value) {
        occ(['ldap:set-config', 's01', $name, $value]);
    }
}

$order = json_decode(stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
match ($argv[1] ?? '') {
    'install' => install($order),
    'configure' => configure($order),
    default => exit("usage: setup.php install|configure < order.json\n"),
};
