package dev.tally.sink.reporting;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a fact that has ended may be delivered again, and how; the command that asks for it and the sink that does it go by the
 * same rules.
 *
 * <p>A dead fact is not at Stripe: every attempt was refused, or looked for and not found. Within {@link DeliveryRules#RESEND_HORIZON} it
 * is sent again under its identifier. Later Stripe's sum over its minute is asked first, for somebody may have billed it by hand. A parked
 * fact may be at Stripe; it is taken up like one whose outcome is unknown.
 */
public final class ReplayRules {
    /** A request that was not seen for so long is not granted any more: who asked may have helped himself. */
    public static final Duration REQUEST_LIFE = Duration.ofHours(1);

    /** The sink remembers outcomes a little longer than this. */
    public static final Duration REMEMBERED = Duration.ofDays(36);

    /** Stripe knows identifiers for "at least 24 hours"; one hour is left for clock differences. */
    public static final Duration IDENTIFIER_KNOWN = Duration.ofHours(25);

    /** Begins the reasons of facts that Stripe took and does not count; Stripe's code follows. */
    public static final String ASYNC = "async_";

    private ReplayRules() {}

    /** Judges a request by what the ledger knows of the fact; null where it knows nothing. */
    public static ReplayStep judge(Fact fact, @Nullable Known known, ReplayRequest request, Instant now) {
        if (known == null) {
            return new ReplayStep.Refused("the ledger does not know it");
        }
        if (known.amount() != fact.amount()) {
            return new ReplayStep.Refused("its identifier is known with amount " + known.amount());
        }
        if (known.replay().number() >= request.number()) {
            return known.state() == Known.State.INTENT && known.replay().number() == request.number()
                    ? new ReplayStep.Resume(
                            asSent(fact, known),
                            Attempts.resumed(known, fact.identifier(), now),
                            known.firstAttemptAt(),
                            known.replay())
                    : new ReplayStep.Done();
        }
        if (request.number() != known.replay().number() + 1) {
            return new ReplayStep.Refused("the ledger does not know of the replay before");
        }
        if (request.isOver(now)) {
            return new ReplayStep.Refused("it was asked for at " + request.requestedAt() + ", more than "
                    + REQUEST_LIFE.toMinutes() + " minutes ago");
        }
        return switch (known.state()) {
            case INTENT -> new ReplayStep.Refused("it is being delivered");
            case TAKEN -> new ReplayStep.Refused("Stripe has it");
            case UNCONFIRMED ->
                new ReplayStep.Refused(
                        "Stripe took it into its stream: `tally stripe reconcile` tells whether it has it");
            case DEAD, PARKED -> ended(fact, known, request, now);
        };
    }

    /** A fact as it is sent: with the timestamp that the ledger has, where a replay gave it another one. */
    public static Fact asSent(Fact fact, Known known) {
        return known.replay().ownTimestamp() == null ? fact : fact.stamped(known.timestamp());
    }

    private static ReplayStep ended(Fact fact, Known known, ReplayRequest request, Instant now) {
        if (known.at().isBefore(now.minus(REMEMBERED))) {
            return new ReplayStep.Refused("it ended at " + known.at() + ", which the sink does not remember any more");
        }
        // What was published longer ago may have had an outcome that is forgotten.
        if (known.replay().number() == 0
                && known.at().isAfter(request.publishedAt().plus(REMEMBERED))) {
            return new ReplayStep.Refused("it ended " + REMEMBERED.toDays()
                    + " days after it was published or later: it may have been billed before that");
        }
        String reason = known.reason() == null ? "" : known.reason();
        if (known.state() == Known.State.PARKED
                && !reason.equals(DeliveryRules.OUTCOME_UNKNOWN)
                && !reason.equals(DeliveryRules.REFUSED_OUTCOME_UNKNOWN)) {
            return new ReplayStep.Refused("it is parked as " + reason + ", which a person has to decide about");
        }
        Instant forgotten = known.at().plus(IDENTIFIER_KNOWN);
        if (reason.startsWith(ASYNC) && now.isBefore(forgotten)) {
            return new ReplayStep.Refused("Stripe may know its identifier until " + forgotten);
        }
        Fact sent = asSent(fact, known);
        boolean tooOld = Reporting.prepare(sent, now) instanceof Preparation.Refused(Refusal refusal, String detail)
                && refusal == Refusal.TOO_OLD;
        Instant timestamp = request.timestamp();
        return timestamp == null
                ? unchanged(sent, known, request, now)
                : stamped(sent, known, request, timestamp, tooOld, now);
    }

    private static ReplayStep unchanged(Fact sent, Known known, ReplayRequest request, Instant now) {
        if (Reporting.prepare(sent, now) instanceof Preparation.Refused(Refusal refusal, String detail)) {
            return new ReplayStep.Refused(refusal.code() + ", " + detail);
        }
        boolean parked = known.state() == Known.State.PARKED;
        boolean young = now.isBefore(known.firstAttemptAt().plus(DeliveryRules.RESEND_HORIZON));
        if (!young && !sent.hasOwnMinute()) {
            return new ReplayStep.Refused(
                    "its first attempt is 23 hours old or older, and its minute may hold other facts: Stripe's sums do not tell of it");
        }
        if (!young && DeliveryRules.isBeyondSums(sent.timestamp(), now)) {
            return new ReplayStep.Refused(
                    "its first attempt is 23 hours old or older, and its minute too long ago for Stripe's sums; from "
                            + sent.timestamp().plus(Reporting.MAX_AGE) + " on it can be sent with another timestamp");
        }
        Attempts.Unknown lookedFor = parked || !young ? new Attempts.Unknown(known.firstAttemptAt(), known.at()) : null;
        return new ReplayStep.TakeUp(
                sent,
                new Attempts(nextKey(sent, known), 0, lookedFor, true, parked, null),
                known.firstAttemptAt(),
                new Replay(request.number(), now, known.replay().ownTimestamp()));
    }

    private static ReplayStep stamped(
            Fact sent, Known known, ReplayRequest request, Instant timestamp, boolean tooOld, Instant now) {
        if (!tooOld) {
            return new ReplayStep.Refused("it is not too old for Stripe, so it keeps its timestamp");
        }
        if (known.state() == Known.State.PARKED || !sent.hasOwnMinute()) {
            return new ReplayStep.Refused("nothing tells whether Stripe has it at its own timestamp");
        }
        if (timestamp.isAfter(now.plus(Reporting.MAX_AHEAD))
                || timestamp.isBefore(now.minus(REQUEST_LIFE.multipliedBy(3)))) {
            return new ReplayStep.Refused(timestamp + " is not now");
        }
        // Nothing with this timestamp was attempted before.
        return new ReplayStep.TakeUp(
                sent.stamped(timestamp),
                new Attempts(nextKey(sent, known), 0, null, false, false, null),
                now,
                new Replay(request.number(), now, sent.timestamp()));
    }

    /** A new one, or Stripe would give the saved answer again. */
    private static IdempotencyKey nextKey(Fact sent, Known known) {
        return new IdempotencyKey(sent.identifier(), known.keyNumber()).next();
    }
}
