require "openssl"
def sign(user_id) = OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("AIRHOP_IDENTITY_SECRET"), user_id)
puts sign(ARGV[0])
