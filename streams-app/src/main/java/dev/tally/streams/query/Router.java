package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.ForwardedReads.Outcome;
import dev.tally.streams.query.Instances.Reply;
import dev.tally.streams.query.Owners.Owner;
import java.time.Duration;
import java.util.Optional;

/**
 * Takes a question to whoever can answer it: its owner, as far as this instance knows; once more where that was out of date; then this
 * instance, whoever is said to be the owner; then a copy. Each is asked directly, and nobody who is asked asks on, so a question makes one
 * hop and never a loop.
 */
final class Router {

    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(2);

    /** For all attempts at one question. */
    private static final Duration ALL_WITHIN = Duration.ofSeconds(4);

    private final Owners owners;
    private final Topics topics;
    private final Answering here;
    private final Instances others;
    private final ForwardedReads forwarded;
    private final boolean alone;

    Router(Owners owners, Topics topics, Answering here, Instances others, ForwardedReads forwarded) {
        this(owners, topics, here, others, forwarded, false);
    }

    private Router(
            Owners owners, Topics topics, Answering here, Instances others, ForwardedReads forwarded, boolean alone) {
        this.owners = owners;
        this.topics = topics;
        this.here = here;
        this.others = others;
        this.forwarded = forwarded;
        this.alone = alone;
    }

    /** One that asks nobody else: whatever this instance does not own is not ready. */
    Router alone() {
        return new Router(owners, topics, here, others, forwarded, true);
    }

    /** The answer of whoever can give it; not ready where nobody can. */
    <T> Answer<T> ask(Question<T> question) {
        return ask(question, true);
    }

    /** The answer of the owner; not ready where it has none: a copy would not do. */
    <T> Answer<T> askOwner(Question<T> question) {
        return ask(question, false);
    }

    private <T> Answer<T> ask(Question<T> question, boolean copies) {
        Part part = question.part(topics);
        Owner owner = owners.of(part);
        Call<T> call = new Call<>(question, part, copies);
        if (owner instanceof Owner.Here) {
            Optional<Answer<T>> answer = call.attempt(owner, false);
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        if (alone) {
            return call.nobody;
        }
        Answer<T> answer = call.elsewhere(owner);
        forwarded.count(
                switch (answer) {
                    case Answer.Found<T> ignored -> Outcome.OWNER;
                    case Answer.OutOfRetention<T> ignored -> Outcome.OWNER;
                    case Answer.Absent<T> ignored -> Outcome.OWNER;
                    case Answer.FromStandby<T> ignored -> Outcome.STANDBY;
                    case Answer.NotReady<T> ignored -> Outcome.NOBODY;
                });
        return answer;
    }

    /** One question that is not answered from this instance's own state at once. */
    private final class Call<T> {
        private final Question<T> question;
        private final Part part;
        private final boolean copies;
        private final long until = System.nanoTime() + ALL_WITHIN.toNanos();
        private Answer<T> nobody = new Answer.NotReady<>(
                "the partition of this key is on no instance at the moment", LocalStores.RETRY_AFTER);

        Call(Question<T> question, Part part, boolean copies) {
            this.question = question;
            this.part = part;
            this.copies = copies;
        }

        Answer<T> elsewhere(Owner owner) {
            Optional<Answer<T>> answer = owner instanceof Owner.At at ? ofOwner(at) : again(owner);
            if (answer.isEmpty() && !(owner instanceof Owner.Here)) {
                answer = here();
            }
            if (answer.isEmpty() && copies) {
                for (Owner standby : owners.standbys(part)) {
                    answer = attempt(standby, true);
                    if (answer.isPresent()) {
                        break;
                    }
                }
            }
            return answer.orElse(nobody);
        }

        /**
         * This instance may still work on what others are already said to, and on what nobody is said to where others share its address.
         * What is behind will not do: another may have gone on with it.
         */
        private Optional<Answer<T>> here() {
            Answer<T> answer = here.answer(question, false);
            return switch (answer) {
                case Answer.Found<T>(T ignored, boolean stale) -> stale ? Optional.empty() : Optional.of(answer);
                case Answer.FromStandby<T> copy -> Optional.empty();
                case Answer.Absent<T> absent -> Optional.of(answer);
                case Answer.OutOfRetention<T> old -> Optional.of(answer);
                case Answer.NotReady<T> notReady -> Optional.empty();
            };
        }

        private Optional<Answer<T>> ofOwner(Owner.At at) {
            Reply<T> reply = send(at, false);
            Optional<Answer<T>> answer = taken(reply);
            if (answer.isPresent()) {
                return answer;
            }
            return reply instanceof Reply.Lost<T> lost && lost.worthRepeating() ? attempt(at, false) : again(at);
        }

        /** Partitions may have moved since. */
        private Optional<Answer<T>> again(Owner before) {
            Owner now = owners.of(part);
            return now.equals(before) ? Optional.empty() : attempt(now, false);
        }

        private Optional<Answer<T>> attempt(Owner owner, boolean fromCopy) {
            return switch (owner) {
                case Owner.Here ignored -> taken(new Reply.Said<>(here.answer(question, fromCopy)));
                case Owner.At at -> taken(send(at, fromCopy));
                case Owner.Nobody ignored -> Optional.empty();
            };
        }

        private Reply<T> send(Owner.At at, boolean fromCopy) {
            Duration left = Duration.ofNanos(until - System.nanoTime());
            return left.isPositive()
                    ? others.ask(at, question, fromCopy, left.compareTo(ANSWER_WITHIN) < 0 ? left : ANSWER_WITHIN)
                    : new Reply.Lost<>("nobody has answered in time", false);
        }

        private Optional<Answer<T>> taken(Reply<T> reply) {
            return switch (reply) {
                case Reply.Said<T>(Answer<T> answer) -> {
                    if (answer instanceof Answer.NotReady<T>) {
                        nobody = answer;
                        yield Optional.empty();
                    }
                    yield Optional.of(answer);
                }
                case Reply.Lost<T>(String why, boolean ignored) -> {
                    nobody = new Answer.NotReady<>(why, LocalStores.RETRY_AFTER);
                    yield Optional.empty();
                }
            };
        }
    }
}
