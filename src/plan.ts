import type { Json } from './wire.ts'

/** Types only: what a tracking plan makes of the calls. Nothing of it is in any bundle. */

// biome-ignore lint/suspicious/noExplicitAny: an index of `any` takes interfaces too.
type Anything = { [field: string]: any }

/** No plan: any event, any properties. */
export type Open = Record<string, Anything>

/** An object that JSON can hold. Fields that are undefined are left out of it. */
export type JsonObject = { [field: string]: Json | JsonObject | undefined }

/** What no plan describes: traits, and the properties of a page. With a plan they have to be JSON, like the rest. */
export type Fields<Plan> = string extends keyof Plan ? Anything : JsonObject

/** Objects of which JSON.stringify makes something else, or nothing. */
type NotJson =
  | ((...args: never) => unknown)
  | Date
  | RegExp
  | Error
  | ArrayBuffer
  | ArrayBufferView
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | PromiseLike<unknown>

type JsonOf<Value> = [Value] extends [Json | undefined]
  ? Value
  : Value extends bigint | symbol | NotJson
    ? never
    : unknown extends Value
      ? Json
      : { [Field in keyof Value]: JsonOf<Value[Field]> }

/** What a plan has to be: the properties of each event by its name, of values that JSON can hold. */
export type PlanOf<Plan> = { [Event in keyof Plan]: Plan[Event] extends object ? JsonOf<Plan[Event]> : never }

/** Those of a union of plans that the value is one of. */
type Fitting<Planned, Given> = Planned extends unknown ? (Given extends Planned ? Planned : never) : never
type FieldOf<Planned> = Planned extends unknown ? keyof Planned : never
type ValueOf<Planned, Field extends PropertyKey> = Planned extends { [Name in Field]?: infer Value } ? Value : never

/** The given type with `never` for what the plan does not name, at any depth: TypeScript itself lets variables have more. */
type Exact<Given, Planned> = [Json] extends [Planned]
  ? Given
  : Given extends string | number | boolean | null | undefined
    ? Given
    : Given extends readonly (infer Item)[]
      ? Planned extends readonly (infer PlannedItem)[]
        ? readonly Exact<Item, PlannedItem>[]
        : Given
      : string extends FieldOf<Planned>
        ? Given
        : {
            [Field in keyof Given]: Field extends FieldOf<Fitting<Planned, Given>>
              ? Exact<Given[Field], ValueOf<Planned, Field>>
              : never
          }

/** The properties of an event as they have to be given. */
export type PropertiesOf<Plan, Event extends keyof Plan, Given> = string extends keyof Plan
  ? Plan[Event]
  : Given & Exact<Given, Plan[Event]>

/** Properties may be left out where none has to be there; what ends the arguments may then stand in their place. */
export type WithProperties<Plan, Event extends keyof Plan, Given, Rest extends unknown[], End> =
  Record<never, never> extends Plan[Event]
    ? [properties?: PropertiesOf<Plan, Event, Given> | End | null, ...rest: Rest]
    : [properties: PropertiesOf<Plan, Event, Given>, ...rest: Rest]
