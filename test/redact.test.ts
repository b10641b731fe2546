import { describe, expect, test } from 'vitest'
import { redact } from '../src/page.ts'

const AT = 'https://shop.test/in'

describe('an address', () => {
  test.each([
    ['?token=abc', '?token=redacted'],
    ['?access_token=abc&x=1', '?access_token=redacted&x=1'],
    ['?x=1&refreshToken=abc', '?x=1&refreshToken=redacted'],
    ['?TOKEN=abc', '?TOKEN=redacted'],
    ['?password=abc', '?password=redacted'],
    ['?new_password=abc&a=b', '?new_password=redacted&a=b'],
    ['?passwd=abc', '?passwd=redacted'],
    ['?secret=abc', '?secret=redacted'],
    ['?client_secret=abc', '?client_secret=redacted'],
    ['?code=4%2F0Ab', '?code=redacted'],
    ['?auth_code=123', '?auth_code=redacted'],
    ['?email=a%40b.test', '?email=redacted'],
    ['?e-mail=x', '?e-mail=redacted'],
    ['?user_email=x', '?user_email=redacted'],
    ['?to=some.one@example.com', '?to=redacted'],
    ['?to=some.one%40example.com&q=1', '?to=redacted&q=1'],
    ['?q=mail+to+someone@example.co.uk+now', '?q=redacted'],
    ['?a=1&token=abc&b=2&secret=def', '?a=1&token=redacted&b=2&secret=redacted'],
    ['?token=abc&token=def', '?token=redacted&token=redacted'],
  ])('%s becomes %s', (from, to) => {
    expect(redact(from)).toBe(to)
    expect(redact(AT + from)).toBe(AT + to)
  })

  test.each([
    ['https://user:pass@shop.test/in?x=1', 'https://shop.test/in?x=1'],
    ['https://user@shop.test/', 'https://shop.test/'],
    ['https://shop.test/in?to=a@example.com', 'https://shop.test/in?to=redacted'],
  ])('with credentials, %s, becomes %s', (from, to) => {
    expect(redact(from)).toBe(to)
  })

  test.each([
    [''],
    ['?'],
    ['?page=2'],
    ['?zipcode=1010'],
    ['?encode=utf8'],
    ['?q=shoes&sort=price'],
    ['?utm_source=news&utm_medium=email&utm_campaign=spring&utm_content=code&utm_term=token'],
    ['?utm_source=me@example.com'],
    ['?q=what+is+a+token'],
    ['?ref=@handle'],
    ['?flag'],
    ['?empty='],
    ['?author=jane'],
    ['?tab=settings;view=2'],
    ['/@scope/package?x=1'],
  ])('without anything private, %s, stays as it is', (address) => {
    expect(redact(AT + address)).toBe(AT + address)
  })

  test('is the same when it is redacted twice', () => {
    const once = redact(`${AT}?token=abc&to=a@example.com&x=1`)
    expect(redact(once)).toBe(once)
  })
})
