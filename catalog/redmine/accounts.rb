# Puts the order, which lies beside this file, into Redmine's database: settings, the directory, the administrator.
# Runs inside Redmine's process as the web server's account, before it listens.
require "json"
require "uri"

order = JSON.parse(File.read("#{__dir__}/order.json"))
url = URI.parse(order["url"])
answers = order["answers"] || {}

{
  "host_name" => [url.host, (":#{url.port}" unless url.port == url.default_port), url.path.chomp("/")].join,
  "protocol" => url.scheme,
  "app_title" => answers["title"].presence || order["title"].presence || "Redmine",
  "default_language" => order["language"],
  "mail_from" => order.dig("mail", "from").presence || order["admin"]["email"],
  "login_required" => answers["visibility"] == "world" ? "0" : "1",
  "self_registration" => "0",
  "default_projects_public" => "0",
  "attachment_max_size" => "102400"
}.each { |name, value| Setting[name] = value unless Setting[name] == value }

if (directory = order["directory"])
  server = URI.parse(directory["uri"])
  source = AuthSourceLdap.find_or_initialize_by(name: "Directory")
  encrypted = server.scheme == "ldaps" || directory["starttls"]
  source.update!(
    host: server.hostname, port: server.port || (server.scheme == "ldaps" ? 636 : 389), tls: encrypted, verify_peer: encrypted,
    account: directory["bind_dn"], account_password: directory["bind_password"], base_dn: directory["people_dn"],
    filter: Net::LDAP::Filter.eq("memberOf", directory["users_dn"]).to_s, onthefly_register: true, timeout: 10,
    attr_login: "uid", attr_firstname: "givenName", attr_lastname: "sn", attr_mail: "mail"
  )
end

# The first administrator is the locked account of the template. Once it is open it belongs to the tenant: a second run leaves it.
if (admin = User.find_by(admin: true, status: User::STATUS_LOCKED, hashed_password: ""))
  first, last = order["admin"]["name"].to_s.split(" ", 2)
  admin.login = order["admin"]["login"]
  admin.firstname = (first || "Admin")[0, 30]
  admin.lastname = (last || admin.login)[0, 255]
  admin.mail = order["admin"]["email"]
  admin.language = order["language"]
  admin.password = admin.password_confirmation = order["secrets"].fetch("admin_password")
  admin.must_change_passwd = false
  admin.status = User::STATUS_ACTIVE
  admin.save!
end
