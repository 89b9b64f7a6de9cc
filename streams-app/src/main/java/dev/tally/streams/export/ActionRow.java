package dev.tally.streams.export;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Action;
import java.time.Instant;
import java.util.List;

/**
 * A counted action.
 *
 * @param place where it lies
 * @param appendedAt when the broker appended it
 * @param action what it says
 * @param meters the meters by which it was counted
 * @param amounts what it counted of each, in their order; never changed
 * @param payer who pays for it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
public record ActionRow(
        Place place, Instant appendedAt, Action action, List<String> meters, long[] amounts, Subject payer) {}
