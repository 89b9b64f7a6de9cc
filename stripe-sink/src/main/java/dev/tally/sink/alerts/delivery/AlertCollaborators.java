package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.Membership;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Sender;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeliveryStatus;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What alert delivery works with besides its settings. */
public record AlertCollaborators(
        Sender webhooks,
        Sender mail,
        RecordSerde<QuotaAlert> alerts,
        RecordSerde<AlertLedgerEntry> ledger,
        RecordSerde<Subscription> subscriptions,
        RecordSerde<Membership> memberships,
        AlertListener listener,
        DeliveryStatus status,
        CrashPoints crashPoints,
        InstantSource clock,
        RandomGenerator random) {

    /** With the serdes of one process. */
    public static AlertCollaborators of(
            Sender webhooks,
            Sender mail,
            RecordSerdes serdes,
            AlertListener listener,
            DeliveryStatus status,
            CrashPoints crashPoints,
            InstantSource clock,
            RandomGenerator random) {
        return new AlertCollaborators(
                webhooks,
                mail,
                serdes.of(QuotaAlert.class),
                serdes.of(AlertLedgerEntry.class),
                serdes.of(Subscription.class),
                serdes.of(Membership.class),
                listener,
                status,
                crashPoints,
                clock,
                random);
    }

    Sender sender(Channel channel) {
        return switch (channel) {
            case WEBHOOK -> webhooks;
            case MAIL -> mail;
        };
    }
}
