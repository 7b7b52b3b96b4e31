/** What is used of the peer packages, by its shape: users install them, the build does not. */
declare module 'rxjs' {
  export interface Subscriber<Value> {
    next(value: Value): void;
    error(reason: unknown): void;
    complete(): void;
  }
  export class Observable<Value> {
    constructor(subscribe: (subscriber: Subscriber<Value>) => () => void);
    subscribe(observer: Partial<Subscriber<Value>>): { unsubscribe(): void };
  }
}
