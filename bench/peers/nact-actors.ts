/** Peer of the actors: the package nact, an actor a user, each with the same plain state and a mailbox of the package's own. */
import { type ActorSystemRef, dispatch, query, type Ref, spawn, start, stop } from 'nact';
import { appendToLog, type PlainActor, plainActor, type PlainEntry, type PlainEvent } from './plain-actors.ts';

type Message =
  | { readonly kind: 'tell'; readonly event: PlainEvent }
  | { readonly kind: 'ask'; readonly sender: Ref<number> };

const ANSWER_MS_MAX = 60_000;

function receive(state: PlainActor, message: Message): PlainActor {
  if (message.kind === 'tell') appendToLog(state, message.event);
  else dispatch(message.sender, state.seq);
  return state;
}

export class NactActors {
  private readonly system: ActorSystemRef = start();
  private readonly actors = new Map<string, Ref<Message>>();
  private told = '';

  activate(userId: string, entries: readonly PlainEntry[], follows: readonly string[]): void {
    const initialState = plainActor(entries, follows);
    this.actors.set(userId, spawn(this.system, receive, userId, { initialState }) as Ref<Message>);
  }

  tell(userId: string, event: PlainEvent): void {
    dispatch(this.find(userId), { kind: 'tell', event });
    this.told = userId;
  }

  /** Resolves to how many events the actor has seen. */
  ask(userId: string): Promise<number> {
    const answer = query(this.find(userId), (sender: Ref<number>): Message => ({ kind: 'ask', sender }), ANSWER_MS_MAX);
    return answer as Promise<number>;
  }

  /** What was told before has been taken in: mailboxes of this package have no bound. */
  async settled(): Promise<void> {
    if (this.told !== '') await this.ask(this.told);
  }

  close(): void {
    stop(this.system);
  }

  private find(userId: string): Ref<Message> {
    const actor = this.actors.get(userId);
    if (actor === undefined) throw new Error('nobody of that name');
    return actor;
  }
}
