package dev.tally.sink.seats;

import dev.tally.schemas.PendingSeats;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.SeatState;
import dev.tally.sink.seats.rules.Change;
import dev.tally.sink.seats.rules.OrgSeats;
import dev.tally.sink.seats.rules.Standing;
import java.time.Instant;
import java.util.List;

/** Writes down what is known of an org's seats as an entry of the ledger, and reads it back. */
final class SeatLedgerEntries {
    private SeatLedgerEntries() {}

    static SeatLedgerEntry entry(OrgSeats seats) {
        Change change = seats.change();
        SeatLedgerEntry.Builder entry = SeatLedgerEntry.newBuilder()
                .setOrg(seats.org())
                .setItem(seats.item())
                .setState(state(seats.standing()))
                .setPending(
                        seats.pending().stream().map(SeatLedgerEntries::pending).toList())
                .setProrationDate(seats.prorationDate())
                .setKeyNumber(seats.keyNumber())
                .setReason(seats.reason())
                .setRequestId(seats.requestId())
                .setAt(seats.at());
        return change == null
                ? entry.setVersion(0)
                        .setQuantity(0)
                        .setEffectiveAt(Instant.EPOCH)
                        .setAppendedAt(Instant.EPOCH)
                        .build()
                : entry.setVersion(change.version())
                        .setQuantity(change.quantity())
                        .setEffectiveAt(change.effectiveAt())
                        .setCause(change.cause())
                        .setOffset(change.offset())
                        .setAppendedAt(change.appendedAt())
                        .build();
    }

    private static PendingSeats pending(Change change) {
        return new PendingSeats(
                change.version(),
                change.quantity(),
                change.effectiveAt(),
                change.cause(),
                change.offset(),
                change.appendedAt());
    }

    /** Throws IllegalStateException for a state that only a newer release knows. */
    static OrgSeats seats(SeatLedgerEntry entry) {
        Standing standing = standing(entry);
        return new OrgSeats(
                entry.getOrg(),
                entry.getItem(),
                standing,
                standing == Standing.WAITING ? null : change(entry),
                changes(entry.getPending()),
                entry.getProrationDate(),
                entry.getKeyNumber(),
                entry.getReason(),
                entry.getRequestId(),
                entry.getAt());
    }

    private static Change change(SeatLedgerEntry entry) {
        return new Change(
                entry.getVersion(),
                entry.getQuantity(),
                entry.getEffectiveAt(),
                entry.getCause(),
                entry.getOffset(),
                entry.getAppendedAt());
    }

    private static List<Change> changes(List<PendingSeats> pending) {
        return pending.stream()
                .map(one -> new Change(
                        one.getVersion(),
                        one.getQuantity(),
                        one.getEffectiveAt(),
                        one.getCause(),
                        one.getOffset(),
                        one.getAppendedAt()))
                .toList();
    }

    /** The record that a change was read from. */
    static SeatChange record(String org, Change change) {
        return new SeatChange(org, change.quantity(), change.version(), change.effectiveAt(), change.cause());
    }

    private static SeatState state(Standing standing) {
        return switch (standing) {
            case WAITING -> SeatState.WAITING;
            case NO_ITEM -> SeatState.NO_ITEM;
            case CANCELED -> SeatState.CANCELED;
            case INTENT -> SeatState.INTENT;
            case SENT -> SeatState.SENT;
            case IN_STEP -> SeatState.IN_STEP;
            case REFUSED -> SeatState.REFUSED;
        };
    }

    private static Standing standing(SeatLedgerEntry entry) {
        return switch (entry.getState()) {
            case WAITING -> Standing.WAITING;
            case NO_ITEM -> Standing.NO_ITEM;
            case CANCELED -> Standing.CANCELED;
            case INTENT -> Standing.INTENT;
            case SENT -> Standing.SENT;
            case IN_STEP -> Standing.IN_STEP;
            case REFUSED -> Standing.REFUSED;
            case UNKNOWN ->
                throw new IllegalStateException("the seats of " + entry.getOrg() + " were written by a newer release");
        };
    }
}
