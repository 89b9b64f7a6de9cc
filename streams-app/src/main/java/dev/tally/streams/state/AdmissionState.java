package dev.tally.streams.state;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.AdmissionAsk;
import java.time.Duration;
import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * How an admission stands.
 *
 * @param ask what was asked for
 * @param answer the answer that holds now
 * @param revision of the answer, from 0
 * @param reason why it is not admitted; null where it is, or was given up
 * @param at log time of the answer
 * @param retryAt when asking again can help; null where that is not known
 * @param holdUntil until when the amounts are held; null where they are not
 * @param remaining what was left at the answer of the limit of which least was left; null without a limit
 * @param place in the payer's queue; of no meaning where it is not queued
 * @param settled whether the action's event has come, so that nothing is held any more
 * @param due when its time comes: the hold ends, the wait ends, or the state is forgotten
 */
public record AdmissionState(
        AdmissionAsk ask,
        Decision answer,
        int revision,
        @Nullable String reason,
        Instant at,
        @Nullable Instant retryAt,
        @Nullable Instant holdUntil,
        @Nullable Long remaining,
        long place,
        boolean settled,
        Instant due) {

    /** An admission is forgotten so long after its last change; one that waits gives up after as long. */
    public static final Duration KEPT_FOR = Duration.ofHours(24);

    private static final int VERSION = 1;
    private static final int ABSENT = 0;
    private static final int PRESENT = 1;

    /** Key of an admission in its store. */
    public static Bytes key(String payer, String actionId) {
        return AdmissionKeys.state(payer, actionId);
    }

    /** Whether it holds amounts. */
    public boolean isHolding() {
        return answer == Decision.ADMIT && !settled;
    }

    /** Whether it waits in the queue. */
    public boolean isQueued() {
        return answer == Decision.QUEUE;
    }

    /** Whether nothing changes it any more, until it is forgotten. */
    public boolean isFinal() {
        return !isHolding() && !isQueued();
    }

    /** After its event has come. */
    public AdmissionState settled(Instant forgetAt) {
        return new AdmissionState(
                ask, answer, revision, reason, at, retryAt, holdUntil, remaining, place, true, forgetAt);
    }

    /** After it has ended without its event: nothing is held, nothing waits. */
    public AdmissionState ended(Decision how, @Nullable String why, Instant when, Instant forgetAt) {
        return new AdmissionState(ask, how, revision + 1, why, when, null, null, null, 0, false, forgetAt);
    }

    /** The answer, as it is told. */
    public AdmissionDecision decision() {
        return new AdmissionDecision(
                ask.actionId(),
                ask.payer().text(),
                ask.userId(),
                ask.orgId(),
                ask.spaceId(),
                ask.amounts(),
                answer,
                revision,
                reason,
                at,
                retryAt,
                holdUntil,
                remaining);
    }

    /** For the store. */
    public byte[] toBytes() {
        StoreKey out = StoreKey.key()
                .tag(VERSION)
                .text(ask.payer().text())
                .text(ask.actionId())
                .text(ask.userId());
        text(out, ask.orgId());
        text(out, ask.spaceId());
        out.number(ask.amounts().size());
        ask.amounts().forEach((meter, amount) -> out.text(meter).number(amount));
        out.number(ask.holdFor().toMillis()).text(answer.name()).number(revision);
        text(out, reason);
        out.number(at.toEpochMilli());
        instant(out, retryAt);
        instant(out, holdUntil);
        number(out, remaining);
        out.number(place).tag(settled ? PRESENT : ABSENT).number(due.toEpochMilli());
        return out.bytes().get();
    }

    /** From the store. */
    public static AdmissionState fromBytes(byte[] bytes) {
        StoreKey.Reader in = new StoreKey.Reader(Codec.read(VERSION, bytes, "an admission"));
        AdmissionAsk ask = new AdmissionAsk(
                Subject.parse(in.text()),
                in.text(),
                in.text(),
                text(in),
                text(in),
                amounts(in),
                Duration.ofMillis(in.number()));
        return new AdmissionState(
                ask,
                Decision.valueOf(in.text()),
                (int) in.number(),
                text(in),
                Instant.ofEpochMilli(in.number()),
                instant(in),
                instant(in),
                number(in),
                in.number(),
                in.tag() == PRESENT,
                Instant.ofEpochMilli(in.number()));
    }

    private static SortedMap<String, Long> amounts(StoreKey.Reader in) {
        SortedMap<String, Long> amounts = new TreeMap<>();
        for (long left = in.number(); left > 0; left--) {
            String meter = in.text();
            amounts.put(meter, in.number());
        }
        return amounts;
    }

    private static void text(StoreKey out, @Nullable String text) {
        if (text == null) {
            out.tag(ABSENT);
        } else {
            out.tag(PRESENT).text(text);
        }
    }

    private static @Nullable String text(StoreKey.Reader in) {
        return in.tag() == PRESENT ? in.text() : null;
    }

    private static void number(StoreKey out, @Nullable Long number) {
        if (number == null) {
            out.tag(ABSENT);
        } else {
            out.tag(PRESENT).number(number);
        }
    }

    private static @Nullable Long number(StoreKey.Reader in) {
        return in.tag() == PRESENT ? in.number() : null;
    }

    private static void instant(StoreKey out, @Nullable Instant instant) {
        number(out, instant == null ? null : instant.toEpochMilli());
    }

    private static @Nullable Instant instant(StoreKey.Reader in) {
        Long millis = number(in);
        return millis == null ? null : Instant.ofEpochMilli(millis);
    }
}
