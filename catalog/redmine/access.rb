# The directory's group of administrators is Redmine's: whoever signs in with an account of the directory is an administrator here as long
# as they are one there. Accounts of Redmine itself are left alone. setup.sh installs this as a plugin, before Redmine starts.
require "json"

Redmine::Plugin.register :allotment_access do
  name "Access from the hosting portal"
  description "Administrators come from the directory"
  version "1"
end

module AllotmentAccess
  ADMINS = JSON.parse(File.read("/etc/redmine/default/directory.json")).fetch("admins_dn").to_s

  def authenticate(login, password)
    attributes = super
    return attributes if attributes.nil? || ADMINS.empty?
    admin = administrator?(login)
    known = User.find_by_login(login)
    known.update_column(:admin, admin) if known && known.auth_source_id == id && known.admin? != admin
    attributes.merge(admin: admin)
  end

  private

  def administrator?(login)
    wanted = Net::LDAP::Filter.eq(attr_login, login) & Net::LDAP::Filter.eq("memberOf", ADMINS)
    found = with_timeout do
      initialize_ldap_con(account, account_password).search(base: base_dn, filter: wanted, attributes: ["dn"], size: 1)
    end
    found.present?
  rescue *AuthSourceLdap::NETWORK_EXCEPTIONS => e
    raise AuthSourceException.new("#{auth_method_name}: #{e.message}")
  end
end

AuthSourceLdap.prepend(AllotmentAccess)
