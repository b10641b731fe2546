<?php
function sign($userId) { return hash_hmac('sha256', $userId, getenv('AIRHOP_IDENTITY_SECRET')); }
echo sign($argv[1]), "\n";
