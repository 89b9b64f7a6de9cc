package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.StoreNames;
import java.time.InstantSource;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;

/** Admissions from the stores of this instance; those of payers whose partition is not here are {@link Answer.NotReady}. */
public final class StoreAdmissionStates implements AdmissionStates {

    private final LocalStores stores;
    private final Format format;

    /**
     * How the accounts stage keeps an admission.
     *
     * @param key the store key of a payer's text and an actionId
     * @param decision the newest decision of a stored value
     */
    public record Format(BiFunction<String, String, Bytes> key, Function<byte[], AdmissionDecision> decision) {}

    /** The admissions of a running topology. */
    public StoreAdmissionStates(
            KafkaStreams streams, Topics topics, Freshness freshness, InstantSource clock, Format format) {
        this.stores = new LocalStores(streams, topics, freshness, clock);
        this.format = format;
    }

    @Override
    public Answer<AdmissionDecision> find(Subject payer, String actionId) {
        return stores.answer(() -> {
            byte[] stored = stores.account(payer, StoreNames.ACCOUNT_ADMISSIONS)
                    .get(format.key().apply(payer.text(), actionId));
            return stored == null
                    ? stores.absentOfAccount(payer, payer.text() + " has no admission " + actionId)
                    : stores.ofAccount(payer, format.decision().apply(stored));
        });
    }
}
