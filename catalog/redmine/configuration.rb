# Writes Redmine's configuration files from the order on standard input. Runs as root.
require "etc"
require "fileutils"
require "json"
require "open3"
require "yaml"

FOLDER = "/etc/redmine/default"
AUTHORITIES = "/usr/local/share/ca-certificates"

# Redmine passes the file through ERB before it reads the YAML: a "<%" in a value must not open a tag.
def yaml(value) = YAML.dump(value).gsub("<%", "<%%")

def write(name, text)
  File.write("#{FOLDER}/#{name}.new", text, perm: 0o640)
  File.chown(0, Etc.getgrnam("www-data").gid, "#{FOLDER}/#{name}.new")
  File.rename("#{FOLDER}/#{name}.new", "#{FOLDER}/#{name}")
end

def email(mail)
  smtp = { "address" => mail["host"], "port" => mail["port"], "domain" => mail["domain"], "enable_starttls_auto" => mail["starttls"] }
  smtp.merge!("authentication" => :plain, "user_name" => mail["user"], "password" => mail["password"]) unless mail["user"].to_s.empty?
  { "delivery_method" => :smtp, "smtp_settings" => smtp }
end

# Trusts the authorities of the mail and directory servers, where the order brings any.
def trust(texts)
  changed = false
  texts.each do |name, text|
    file = "#{AUTHORITIES}/allotment-#{name}.crt"
    next if text.to_s.empty? || (File.exist?(file) && File.read(file) == text)
    File.write(file, text)
    changed = true
  end
  return unless changed
  output, status = Open3.capture2e("update-ca-certificates")
  abort output unless status.success?
end

order = JSON.parse($stdin.read)
production = {}
production["email_delivery"] = email(order["mail"]) if order["mail"]
production["ldap_start_tls"] = true if order.dig("directory", "starttls")
production["autologin_cookie_secure"] = order["url"].start_with?("https://")

trust("mail" => order.dig("mail", "ca"), "directory" => order.dig("directory", "ca"))
write("configuration.yml", yaml("production" => production))
write("directory.json", JSON.generate("admins_dn" => order.dig("directory", "admins_dn")))
write("secret_key.txt", order["secrets"].fetch("session_key"))
if order["url"].start_with?("https://")
  write("https", "")
else
  FileUtils.rm_f("#{FOLDER}/https")
end
