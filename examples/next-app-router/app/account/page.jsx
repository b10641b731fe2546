import { redirect } from 'next/navigation'

/** Who is not logged in is sent on; the page that they asked for was never seen. */
export default function Account() {
  redirect('/login')
}
