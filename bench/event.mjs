// What is sent to a server that is measured.

let made = 0
export const timeOrderedId = () => `${Date.now().toString(36)}-${(made++).toString(36).padStart(6, '0')}`

/** About 490 bytes as JSON, as one call of a page is with its context. */
export const eventWith = (messageId) => ({
  type: 'track',
  messageId,
  timestamp: new Date().toISOString(),
  event: 'project_created',
  userId: `user_${made % 1000}`,
  anonymousId: `a1b2c3d4-0000-4000-8000-${`${made % 5000}`.padStart(12, '0')}`,
  properties: { plan: 'pro', template: 'kanban', members: 12, source: 'onboarding', number: made++ },
  context: {
    page: {
      url: 'https://app.example.com/projects/new?utm_source=mail',
      path: '/projects/new',
      referrer: 'https://app.example.com/projects',
      title: 'New project',
    },
    locale: 'en-GB',
    timezone: 'UTC',
  },
})
