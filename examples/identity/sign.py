import hashlib, hmac, os, sys
sign = lambda user_id: hmac.new(os.environ["AIRHOP_IDENTITY_SECRET"].encode(), user_id.encode(), hashlib.sha256).hexdigest()
print(sign(sys.argv[1]))
