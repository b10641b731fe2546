import { createHmac } from 'node:crypto'

const sign = (userId) => createHmac('sha256', process.env.AIRHOP_IDENTITY_SECRET).update(userId).digest('hex')
console.log(sign(process.argv[2]))
