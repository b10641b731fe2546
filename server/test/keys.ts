export const WRITE_KEY = 'wk_test'
export const ADMIN_TOKEN = 'at_test'
