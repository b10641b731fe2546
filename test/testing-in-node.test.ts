// @vitest-environment node
import { expect, test } from 'vitest'
import { createTestAirhop } from '../src/testing.ts'

test('the double takes events also where there is no document', async () => {
  expect(typeof document).toBe('undefined')
  const airhop = createTestAirhop()
  airhop.identify('u_1')
  airhop.group('acme')
  const { messageId, status } = await airhop.track('project_created', { projectId: 'p_1' })
  airhop.page('Docs')
  expect(status).toBe('stored')
  expect(airhop.expectEvent('project_created', { projectId: 'p_1' })).toMatchObject({
    messageId,
    userId: 'u_1',
    context: { groupId: 'acme', library: { name: 'airhop' } },
  })
  expect(new Set(airhop.events.map((event) => event.messageId)).size).toBe(4)
})
