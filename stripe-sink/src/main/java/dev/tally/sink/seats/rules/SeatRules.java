package dev.tally.sink.seats.rules;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.reporting.TransientCause;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Decides what is done about an org's seats; holds no state and asks no clock. */
public final class SeatRules {
    /**
     * How long an intent may be repeated under its key: Stripe keeps keys for at least 24 hours, one hour is left for clock
     * differences. After it the item is read, and sent to afresh if need be.
     */
    public static final Duration RESEND_HORIZON = Duration.ofHours(23);

    /** Reason of a change whose item takes no quantity (Stripe: "You cannot set the quantity for metered plans"). */
    public static final String METERED_PRICE = "metered_price";

    /** Halts nothing here: whoever has used the key, the next one is free. */
    private static final String KEY_USED_OTHERWISE = "idempotency_error";

    private final RetryRule retryRule;

    /** Rules with these waits. */
    public SeatRules(RetryRule retryRule) {
        this.retryRule = retryRule;
    }

    /** What is to be done. */
    public sealed interface Next {
        /** Nothing. */
        record Rest() implements Next {}

        /** The newest change ends here: there is nowhere to send it. */
        record Close(OrgSeats seats, SeatOutcome outcome) implements Next {}

        /** Read the item, then decide by {@link SeatRules#afterRead}. */
        record Read(OrgSeats seats, String item) implements Next {}

        /** Send the intent, under its key: for the first time or once more. */
        record Send(OrgSeats seats) implements Next {}
    }

    /** What follows from an answer. */
    public sealed interface Then {
        /** Write the intent down, then send it. */
        record Intend(OrgSeats seats) implements Then {}

        /** A change has come to its outcome. */
        record End(OrgSeats seats, SeatOutcome outcome) implements Then {}

        /** Go on from {@code seats} after {@code delay}. */
        record Wait(OrgSeats seats, Duration delay) implements Then {}
    }

    /** Decides what is to be done for {@code target} at {@code now}, all waits aside. */
    public Next next(OrgSeats seats, Target target, Instant now) {
        return switch (target) {
            case Target.NoItem() -> close(seats, Standing.NO_ITEM, new SeatOutcome.NoItem(), now);
            case Target.Canceled() -> close(seats, Standing.CANCELED, new SeatOutcome.Canceled(), now);
            case Target.Item(String id) ->
                id.equals(seats.item()) ? next(seats, id, now) : new Next.Read(seats.forItem(id), id);
        };
    }

    private static Next close(OrgSeats seats, Standing end, SeatOutcome outcome, Instant now) {
        return seats.open().isEmpty() ? new Next.Rest() : new Next.Close(seats.closed(end, now), outcome);
    }

    private static Next next(OrgSeats seats, String item, Instant now) {
        if (seats.standing() == Standing.INTENT) {
            return now.isBefore(seats.at().plus(RESEND_HORIZON))
                    ? new Next.Send(seats)
                    : new Next.Read(seats.withoutIntent(), item);
        }
        return seats.pending().isEmpty() ? new Next.Rest() : new Next.Read(seats, item);
    }

    /**
     * Decides what follows from reading the item that {@code seats} is about, of which something is pending.
     *
     * @param failures reads that failed in a row, this one included if it did
     */
    public Then afterRead(
            OrgSeats seats,
            ItemAnswer answer,
            @Nullable String requestId,
            int failures,
            Instant now,
            RandomGenerator random) {
        return switch (answer) {
            case ItemAnswer.Of(SeatItem item) -> afterRead(seats, item, requestId, now);
            case ItemAnswer.Failed(Answer.Permanent(String reason, String detail)) ->
                refuse(seats, seats.pending().getFirst(), rest(seats.pending(), 1), reason, detail, requestId, now);
            case ItemAnswer.Failed(Answer failure) ->
                new Then.Wait(seats, retryRule.delay(failures, retryAfter(failure), random));
        };
    }

    /** What is prorated from one time is one step: also all of the periods before the current one together. */
    private static Then afterRead(OrgSeats seats, SeatItem item, @Nullable String requestId, Instant now) {
        List<Change> pending = seats.pending();
        Instant date = item.prorationDate(pending.getFirst().effectiveAt());
        int last = 0;
        while (last + 1 < pending.size()
                && item.prorationDate(pending.get(last + 1).effectiveAt()).equals(date)) {
            last++;
        }
        Change step = pending.get(last);
        List<Change> after = rest(pending, last + 1);
        if (item.metered()) {
            return refuse(
                    seats, step, after, METERED_PRICE, "the price of " + item.id() + " is metered", requestId, now);
        }
        if (item.has(step.quantity())) {
            return new Then.End(
                    seats.ended(Standing.IN_STEP, step, after, null, requestId, now), new SeatOutcome.InStep());
        }
        return new Then.Intend(seats.intent(step, after, date, now));
    }

    /**
     * Decides what follows from sending the intent of {@code seats}.
     *
     * @param refusedBefore whether Stripe's last answer to the same change was a refusal too; the first one may be about a period that
     *     ended in between, or about what another process sent, and is not believed
     * @param failures attempts that failed in a row, this one included if it did
     */
    public Then afterSending(
            OrgSeats seats,
            ItemAnswer answer,
            @Nullable String requestId,
            boolean refusedBefore,
            int failures,
            Instant now,
            RandomGenerator random) {
        Change sent = seats.sentChange();
        return switch (answer) {
            case ItemAnswer.Of(SeatItem item)
            when item.has(sent.quantity()) ->
                new Then.End(
                        seats.ended(Standing.SENT, sent, seats.pending(), null, requestId, now),
                        new SeatOutcome.Sent());
            case ItemAnswer.Of(SeatItem other) -> afresh(seats, failures, Optional.empty(), random);
            case ItemAnswer.Failed(Answer.Permanent(String reason, String detail)) ->
                refusedBefore
                        ? refuse(seats, sent, seats.pending(), reason, detail, requestId, now)
                        : afresh(seats, failures, Optional.empty(), random);
            case ItemAnswer.Failed(Answer.Transient(TransientCause cause, String detail, var retryAfter)) ->
                cause.keepsKey()
                        ? new Then.Wait(seats, retryRule.delay(failures, retryAfter, random))
                        : afresh(seats, failures, retryAfter, random);
            case ItemAnswer.Failed(Answer.AccountHalt halt)
            when !haltsAccount(halt) -> afresh(seats, failures, Optional.empty(), random);
            case ItemAnswer.Failed(Answer failure) ->
                new Then.Wait(seats, retryRule.delay(failures, retryAfter(failure), random));
        };
    }

    private Then afresh(OrgSeats seats, int failures, Optional<Duration> retryAfter, RandomGenerator random) {
        return new Then.Wait(seats.withoutIntent(), retryRule.delay(failures, retryAfter, random));
    }

    private static Then refuse(
            OrgSeats seats,
            Change refused,
            List<Change> after,
            String reason,
            String detail,
            @Nullable String requestId,
            Instant now) {
        return new Then.End(
                seats.ended(Standing.REFUSED, refused, after, reason, requestId, now),
                new SeatOutcome.Refused(reason, detail));
    }

    private static List<Change> rest(List<Change> changes, int from) {
        return changes.subList(from, changes.size());
    }

    private static Optional<Duration> retryAfter(Answer failure) {
        return failure instanceof Answer.Transient(var cause, String detail, Optional<Duration> floor)
                ? floor
                : Optional.empty();
    }

    /** Whether an answer says that Stripe takes nothing of this account at the moment. */
    public static boolean haltsAccount(Answer answer) {
        return answer instanceof Answer.AccountHalt(String reason, String detail) && !reason.equals(KEY_USED_OTHERWISE);
    }

    /** Whether the item of settled seats is to be compared from time to time. */
    public static boolean isChecked(OrgSeats seats, Target target) {
        return seats.open().isEmpty()
                && target instanceof Target.Item(String id)
                && id.equals(seats.item())
                && switch (seats.standing()) {
                    case SENT, IN_STEP, REFUSED -> true;
                    case WAITING, NO_ITEM, CANCELED, INTENT -> false;
                };
    }

    /** Whether Stripe has another quantity than was sent; what takes no quantity was refused for that, and differs from nothing. */
    public static boolean differs(OrgSeats seats, SeatItem item) {
        Change change = seats.change();
        return change != null && !item.metered() && !item.has(change.quantity());
    }

    /** Seats that are sent once more, prorated from {@code now}: what was billed until then for another quantity is left to people. */
    public static OrgSeats repaired(OrgSeats seats, Instant now) {
        return seats.again(now);
    }
}
