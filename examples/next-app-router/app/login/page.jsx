export const metadata = { title: 'Log in' }

export default function Login() {
  return <h1>Log in</h1>
}
