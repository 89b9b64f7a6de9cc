package dev.tally.sink.seats;

import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.stripe.StripeSubscriptionItems;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What the seats work with besides their settings. */
public record SeatsCollaborators(
        StripeSubscriptionItems stripe,
        RecordSerde<SeatChange> changes,
        RecordSerde<SeatLedgerEntry> ledger,
        RecordSerde<Subscription> subscriptions,
        SeatsListener listener,
        DeliveryStatus status,
        CrashPoints crashPoints,
        InstantSource clock,
        RandomGenerator random) {}
