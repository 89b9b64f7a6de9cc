package dev.tally.sink.seats;

import dev.tally.sink.seats.rules.OrgSeats;
import dev.tally.sink.seats.rules.Standing;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One org's seats between the ledger and Stripe, and what only this process knows of them. Used by one thread. */
final class OrgWork {
    private final PartitionSeats source;
    private OrgSeats seats;
    private boolean busy;
    private boolean differs;
    private boolean refused;
    private int failures;
    private long checkNumber;
    private @Nullable Instant waitingSince;
    private @Nullable Instant notBefore;
    private @Nullable Instant dueAt;

    OrgWork(PartitionSeats source, OrgSeats seats) {
        this.source = source;
        this.seats = seats;
    }

    PartitionSeats source() {
        return source;
    }

    OrgSeats seats() {
        return seats;
    }

    void seats(OrgSeats now) {
        seats = now;
    }

    /** A call is running, or an intent is being written. */
    boolean isBusy() {
        return busy;
    }

    void busy(boolean isBusy) {
        busy = isBusy;
    }

    boolean differs() {
        return differs;
    }

    void differs(boolean doesDiffer) {
        differs = doesDiffer;
    }

    /** Whether Stripe's last answer to what is being sent was a refusal. */
    boolean wasRefused() {
        return refused;
    }

    int failures() {
        return failures;
    }

    void failed(boolean byRefusal, Instant tryAgainAt) {
        failures = failures == Integer.MAX_VALUE ? failures : failures + 1;
        refused = byRefusal;
        notBefore = tryAgainAt;
    }

    void holdUntil(Instant time) {
        notBefore = time;
    }

    void succeeded() {
        failures = 0;
        refused = false;
        notBefore = null;
        if (seats.pending().isEmpty()) {
            waitingSince = null;
        }
    }

    void waits(Instant now) {
        if (waitingSince == null) {
            waitingSince = now;
        }
    }

    /** The number of the interval in which it was checked last. */
    long checkNumber() {
        return checkNumber;
    }

    void checkNumber(long number) {
        checkNumber = number;
    }

    /** When something is to be done; null where nothing is. */
    @Nullable
    Instant dueAt() {
        return dueAt;
    }

    void rest() {
        dueAt = null;
    }

    void dueNow(Instant now) {
        dueAt = now;
    }

    /** Something is to be sent: not before changes have had time to come together, and not too soon after the last update. */
    void dueAfter(Duration debounce, Instant now) {
        Instant due = now;
        if (waitingSince != null && due.isBefore(waitingSince.plus(debounce))) {
            due = waitingSince.plus(debounce);
        }
        if (seats.standing() == Standing.SENT) {
            Instant next = seats.at().plus(debounce);
            due = due.isBefore(next) ? next : due;
        }
        dueUnlessHeld(due);
    }

    void dueUnlessHeld(Instant due) {
        dueAt = notBefore != null && due.isBefore(notBefore) ? notBefore : due;
    }
}
