package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.stripe.StripeMeterEvents;
import dev.tally.sink.stripe.StripeSums;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * What the delivery works with besides its settings.
 *
 * @param callsPerSecond limit on calls to Stripe
 */
public record Collaborators(
        StripeMeterEvents stripe,
        StripeSums sums,
        MeterGate meters,
        AsyncErrors asyncErrors,
        RecordSerde<BillableFact> facts,
        RecordSerde<LedgerEntry> ledger,
        DeliveryListener listener,
        DeliveryStatus status,
        CrashPoints crashPoints,
        InstantSource clock,
        RandomGenerator random,
        int callsPerSecond) {}
