package dev.tally.streams.state;

import dev.tally.streams.metering.PlanTerms.Scope;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;

/** Keys of the store of admissions. All but the first kind follow from the states of a payer's admissions. */
public final class AdmissionKeys {

    private static final int STATE = 1;
    private static final int PAYER = 2;
    private static final int DUE = 3;
    private static final int QUEUE = 4;
    private static final int HELD = 5;

    private AdmissionKeys() {}

    /** Key of an admission's {@link AdmissionState}. */
    static Bytes state(String payer, String actionId) {
        return StoreKey.key().tag(STATE).text(payer).text(actionId).bytes();
    }

    /** Key of a payer's {@link AdmissionTotals}. */
    public static Bytes payer(String payer) {
        return StoreKey.key().tag(PAYER).text(payer).bytes();
    }

    /** Where a payer's keys of {@link #due(String, Instant, String)} begin. */
    public static StoreKey due(String payer) {
        return StoreKey.key().tag(DUE).text(payer);
    }

    /** Key that has an admission's time come in order; {@link Due} reads it. */
    public static Bytes due(String payer, Instant at, String actionId) {
        return due(payer).number(at.toEpochMilli()).text(actionId).bytes();
    }

    /** What a key of {@link #due(String, Instant, String)} says. */
    public record Due(Instant at, String actionId) {
        public static Due of(Bytes key) {
            StoreKey.Reader reader = new StoreKey.Reader(key);
            reader.tag();
            reader.text();
            return new Due(Instant.ofEpochMilli(reader.number()), reader.text());
        }
    }

    /** Key of a place in a payer's queue; its value is the action's id in UTF-8. */
    public static Bytes queue(String payer, long place) {
        return StoreKey.key().tag(QUEUE).text(payer).number(place).bytes();
    }

    /** Key of the {@link HeldAmount} of a meter. A user is held for under one key, as a payer and as a member. */
    static Bytes held(String payer, Scope scope, String scopeId, String meter) {
        int held = switch (scope) {
            case USER, MEMBER -> 1;
            case SPACE -> 2;
            case ORG -> 3;
        };
        return StoreKey.key()
                .tag(HELD)
                .text(payer)
                .tag(held)
                .text(scopeId)
                .text(meter)
                .bytes();
    }
}
