package dev.tally.sink.reconciling;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.delivery.ConfirmRequests;
import dev.tally.sink.delivery.RequestSender;
import dev.tally.sink.reporting.Fact;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;

/**
 * Asks the owners of facts to note in their ledgers what a comparison has found in Stripe's sums. Who compares writes no ledger itself: the
 * entry may have changed since it was read, and its partition may be another instance's.
 */
public final class Confirmations {
    private final RequestSender requests;
    private final String topic;
    private final RecordSerde<LedgerEntry> serde;
    private final InstantSource clock;

    /**
     * Asks nothing yet.
     *
     * @param kafka settings for clients
     * @param topic of requests
     */
    public Confirmations(Map<String, Object> kafka, String topic, RecordSerde<LedgerEntry> serde, InstantSource clock) {
        this.requests = new RequestSender(kafka);
        this.topic = topic;
        this.serde = serde;
        this.clock = clock;
    }

    /** Asks for all that is confirmed, and returns when that is written; Kafka's exceptions come out as they are. */
    public void request(Reconciliation result) {
        if (result.confirmed().isEmpty()) {
            return;
        }
        Instant now = clock.instant();
        requests.write(result.confirmed().stream()
                .map(fact -> ConfirmRequests.of(
                        topic, serde, fact.partition(), fact(fact), fact.at().replays(), now))
                .toList());
    }

    private static Fact fact(SentFact sent) {
        return new Fact(
                sent.identifier(),
                sent.payer(),
                sent.customer(),
                sent.eventName(),
                sent.amount(),
                sent.timestamp(),
                sent.hasOwnMinute());
    }
}
