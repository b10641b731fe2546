import Link from 'next/link'
import { Star } from './analytics.jsx'

export const metadata = { title: 'Waypost', icons: 'data:,' }

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">Home</Link> <Link href="/projects">Projects</Link> <Link href="/projects/1">Project 1</Link>{' '}
          <Link href="/projects/2">Project 2</Link> <Link href="/projects?sort=date">By date</Link>{' '}
          <Link href="/projects/2#notes">Notes</Link> <Link href="/account">Account</Link> <Link href="/old">Old</Link>
        </nav>
        {children}
        <Star title="Waypost" />
      </body>
    </html>
  )
}
