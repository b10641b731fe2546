import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import App from './App.vue'
import './analytics.js'
import ProjectPage from './ProjectPage.vue'

const view = (path, title) => ({
  path,
  component: ProjectPage,
  props: (route) => ({ title: title(route) }),
  meta: { title },
})

const router = createRouter({
  history: createWebHistory(),
  routes: [
    view('/', () => 'Home'),
    view('/projects', ({ query }) => (query.sort ? `Projects by ${query.sort}` : 'Projects')),
    view('/projects/:id', ({ params }) => `Project ${params.id}`),
    view('/login', () => 'Log in'),
    // Who is not logged in is sent on; the page that they asked for was never seen.
    { path: '/account', redirect: '/login' },
    { path: '/old', redirect: '/projects' },
  ],
})
router.afterEach((to) => {
  document.title = to.meta.title(to)
})

createApp(App).use(router).mount('#app')
