import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Refusal, read } from './api.ts'
import { route, say } from './route.ts'
import { ago, hueOf, shortId, shown, visible } from './words.ts'

/** Text of strangers, isolated from the direction of what stands beside it. */
export const Said = ({ text, class: name, title }: { text: unknown; class?: string; title?: string }) => (
  <bdi class={name} title={title === undefined ? undefined : shown(title, 600)}>
    {shown(text)}
  </bdi>
)

/** A sentence in which `code` stands in ticks, as the server and we write them; what it quotes is of strangers. */
export const Sentence = ({ text }: { text: string }) => (
  <bdi>
    {shown(text, 500)
      .split('`')
      .map((part, at) => (at % 2 === 1 ? <code key={`${at} ${part}`}>{part}</code> : part))}
  </bdi>
)

/** The browser's dot and short id, then the user: rows of one browser show the same dot, before and after identify. */
export function Who({ anonymousId, userId }: { anonymousId: string | null; userId: string | null }) {
  return (
    <span class="who">
      {anonymousId && (
        <>
          <span class="dot" style={{ '--hue': hueOf(anonymousId) }} />
          <Said class="anonymous" text={shortId(anonymousId)} title={`anonymousId ${anonymousId}`} />
        </>
      )}
      {anonymousId && userId && (
        <span class="arrow" aria-hidden="true">
          →
        </span>
      )}
      {userId ? <Said class="user" text={userId} title={`userId ${userId}`} /> : <span class="nobody">anonymous</span>}
    </span>
  )
}

export const TypeTag = ({ type }: { type: string }) => (
  <span class="type" data-type={type}>
    {type}
  </span>
)

export function Ago({ at }: { at: string | null }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((value) => value + 1), 5000)
    return () => clearInterval(timer)
  }, [])
  // It changes by itself: nobody wants that read out.
  return at ? (
    <time dateTime={at} title={at} aria-live="off">
      {ago(at)}
    </time>
  ) : (
    <span>never</span>
  )
}

export function Copy({ text, label = 'Copy', name }: { text: string; label?: string; name?: string }) {
  const state = useSignal<'' | 'Copied' | 'Select and copy it by hand'>('')
  const button = useRef<HTMLButtonElement>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      state.value = 'Copied'
    } catch {
      // No clipboard on plain http of another machine, nor in some frames.
      state.value = copyBySelection(text, button.current!) ? 'Copied' : 'Select and copy it by hand'
    }
    setTimeout(() => {
      state.value = ''
    }, 2000)
  }
  return (
    <button
      ref={button}
      type="button"
      class="button small"
      data-copied={state.value === 'Copied'}
      onClick={copy}
      data-testid={name}
    >
      <span aria-live="polite">{state.value || label}</span>
    </button>
  )
}

/** Beside the button: what is not in an open dialog cannot be selected. */
function copyBySelection(text: string, button: HTMLButtonElement): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  button.after(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  button.focus()
  return copied
}

export function Code({ text, label, testid }: { text: string; label: string; testid?: string }) {
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is of forms. */}
      <pre role="group" tabIndex={0} aria-label={label} data-testid={testid}>
        <code>{visible(text)}</code>
      </pre>
      <Copy text={text} name={testid && `${testid}-copy`} />
    </div>
  )
}

const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g

/** Above this, colours cost more than they are worth. */
const COLOURED_CHARS = 40_000

/** Pretty-printed JSON, its keys and values told apart by colour. */
export function Json({ text, label }: { text: string; label: string }) {
  const json = visible(text)
  const parts: ComponentChildren[] = []
  let end = 0
  if (json.length <= COLOURED_CHARS) {
    for (const token of json.matchAll(JSON_TOKEN)) {
      const [whole, string, colon] = token
      const words = string ?? whole
      parts.push(
        json.slice(end, token.index),
        <span class={colon ? 'key' : string ? 'string' : 'literal'}>{words}</span>,
      )
      end = token.index + words.length
    }
  }
  parts.push(json.slice(end))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of forms.
    <pre role="group" class="json" tabIndex={0} aria-label={label}>
      {parts}
    </pre>
  )
}

/** Bars of equal width; what they mean is said beside. */
export function Spark({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values)
  const width = 100 / values.length
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((value, at) => {
        const height = value === 0 ? 0.8 : 2 + (22 * value) / most
        return (
          <rect x={at * width} y={24 - height} width={width * 0.72} height={height} class={value === 0 ? 'none' : ''} />
        )
      })}
    </svg>
  )
}

export const Notice = ({
  children,
  tone = 'plain',
}: {
  children: ComponentChildren
  tone?: 'plain' | 'warn' | 'good'
}) => (
  <div class="notice" data-tone={tone}>
    {children}
  </div>
)

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children}
  </div>
)

export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <header class="heading">
      <h1>{title}</h1>
      {children}
    </header>
  )
}

/** An answer of the server, asked for again every `everyMs`; what was there stays while it is asked for. */
export function useAnswer<Answer>(path: string | null, everyMs = 0) {
  const answer = useSignal<Answer | undefined>(undefined)
  const trouble = useSignal('')
  const loadedPath = useRef('')
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    if (loadedPath.current !== path) answer.value = undefined
    trouble.value = ''
    const load = async () => {
      if (path === null) return
      try {
        answer.value = await read<Answer>(path, stop.signal)
        loadedPath.current = path
        trouble.value = ''
      } catch (error) {
        if (stop.signal.aborted) return
        trouble.value = error instanceof Refusal ? error.message : 'The server does not answer. Trying again.'
      }
      const again = everyMs || (trouble.value.endsWith('again.') ? 2000 : 0)
      if (again && !stop.signal.aborted) timer = setTimeout(load, again)
    }
    void load()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  return { answer: answer.value, trouble: trouble.value }
}

export const Trouble = ({ sentence }: { sentence: string }) =>
  sentence ? (
    <p class="trouble" role="alert" data-testid="trouble">
      <Sentence text={sentence} />
    </p>
  ) : null

/** A panel over the view that Escape and a click beside it close; the focus comes back to where it was. */
export function Sheet({
  title,
  onClose,
  children,
}: {
  title: ComponentChildren
  onClose(): void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    dialog.current!.showModal()
    return () => dialog.current?.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      class="sheet"
      data-testid="sheet"
      aria-labelledby={heading}
      // Taken away with its view, it is closed after that, and has nothing to say.
      onClose={() => dialog.current && onClose()}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="sheet-body">
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" class="button small" onClick={onClose}>
            Close
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

/** Arrow keys go through the lines of a list. */
export function byArrows(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const line = event.target
  if (!step || !(line instanceof HTMLElement) || !line.matches('[data-line]')) return
  const lines = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[data-line]')]
  event.preventDefault()
  lines[lines.indexOf(line) + step]?.focus()
}

/** How long nothing is typed until it goes into the address. */
const PAUSE_MS = 250

/**
 * A field for a parameter of the address, where what is typed goes once the typing pauses. Until then it is the reader's,
 * whatever else is drawn; and so is a blank at its end.
 */
export function AddressField({
  parameter,
  label,
  placeholder = label,
  testid,
  width,
}: {
  parameter: string
  label: string
  placeholder?: string
  testid: string
  width?: 'wide'
}) {
  const said = route.value.query.get(parameter) ?? ''
  const typed = useSignal(said)
  const own = useRef(said)
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (said === own.current) return
    own.current = said
    typed.value = said
  }, [said])
  useEffect(() => () => clearTimeout(pause.current), [])
  return (
    <input
      type="search"
      class={width}
      placeholder={placeholder}
      aria-label={label}
      data-testid={testid}
      value={typed.value}
      onInput={(event) => {
        typed.value = event.currentTarget.value
        clearTimeout(pause.current)
        pause.current = setTimeout(() => {
          own.current = typed.value.trim()
          say({ [parameter]: own.current })
        }, PAUSE_MS)
      }}
    />
  )
}

/** Where people or accounts are looked for. */
export const SearchField = ({ of, placeholder }: { of: string; placeholder: string }) => (
  <search class="filters" aria-label={`Find ${of}`}>
    <AddressField
      parameter="search"
      label={`Find ${of}`}
      placeholder={placeholder}
      testid={`${of}-search`}
      width="wide"
    />
  </search>
)
