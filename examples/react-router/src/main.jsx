import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, Link, Outlet, redirect, useParams, useSearchParams } from 'react-router'
import { RouterProvider } from 'react-router/dom'
import { airhop } from './analytics.js'

function useTitle(title) {
  useEffect(() => {
    document.title = title
  }, [title])
}

function Layout() {
  return (
    <>
      <nav>
        <Link to="/">Home</Link> <Link to="/projects">Projects</Link> <Link to="/projects/1">Project 1</Link>{' '}
        <Link to="/projects/2">Project 2</Link> <Link to="/projects?sort=date">By date</Link>{' '}
        <Link to="/projects/2#notes">Notes</Link> <Link to="/account">Account</Link> <Link to="/old">Old</Link>
      </nav>
      <Outlet />
    </>
  )
}

function Home() {
  useTitle('Home')
  return <h1>Home</h1>
}

function Projects() {
  const [search] = useSearchParams()
  const title = search.get('sort') ? `Projects by ${search.get('sort')}` : 'Projects'
  useTitle(title)
  return <h1>{title}</h1>
}

function Project() {
  const { id } = useParams()
  useTitle(`Project ${id}`)
  return (
    <>
      <h1>Project {id}</h1>
      <button type="button" onClick={() => airhop.track('project_starred', { id })}>
        Star
      </button>
    </>
  )
}

function Login() {
  useTitle('Log in')
  return <h1>Log in</h1>
}

const router = createBrowserRouter([
  {
    Component: Layout,
    children: [
      { path: '/', Component: Home },
      { path: '/projects', Component: Projects },
      { path: '/projects/:id', Component: Project },
      { path: '/login', Component: Login },
      // Who is not logged in is sent on; the page that they asked for was never seen.
      { path: '/account', loader: () => redirect('/login') },
      { path: '/old', loader: () => redirect('/projects') },
    ],
  },
])

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <RouterProvider router={router} />
  </StrictMode>,
)
