package dev.tally.cli.standin;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Calls that change something, as Stripe's page on idempotent requests has them: the first answer of a key is saved for 24 hours with what
 * the call changed, in one step, and given again; another call under a used key is refused, and so is one while the first is running. Version 2 saves no errors: it executes
 * again what failed.
 */
final class KeyedCalls {
    private final Book book;
    private final Faults faults;
    private final InstantSource clock;
    private final Set<String> keysInUse = ConcurrentHashMap.newKeySet();

    KeyedCalls(Book book, Faults faults, InstantSource clock) {
        this.book = book;
        this.faults = faults;
        this.clock = clock;
    }

    /** What a call would do. */
    @FunctionalInterface
    interface Execution {
        /**
         * Judges the call.
         *
         * @throws Refusal where it is refused
         */
        Effect judge(Instant now);
    }

    /**
     * What an accepted call answers and changes.
     *
     * @param commit changes it, and keeps the answer that is to be saved with it, if any; throws Refusal where it turns out refused
     */
    record Effect(String body, Commit commit) {}

    /** Changes what a call changes. */
    @FunctionalInterface
    interface Commit {
        void apply(@Nullable SavedAnswer saved);
    }

    /**
     * Answers a call, by what was saved or by executing it.
     *
     * @throws Refusal for whatever is refused before the call is executed
     */
    Answer answer(Call call, Faults.@Nullable Fault fault, Execution execution) {
        String key = call.header("Idempotency-Key");
        if (key == null) {
            return execute(call, null, "", execution, fault);
        }
        if (key.isEmpty() || key.length() > 255) {
            throw Refusal.parameter(null, null, "Idempotency-Key must have 1 to 255 characters");
        }
        if (!keysInUse.add(key)) {
            throw Refusal.of(
                    409,
                    "idempotency_error",
                    "idempotency_key_in_use",
                    "There is currently another in-progress request using this Idempotent Key: " + key);
        }
        try {
            String fingerprint = fingerprint(call);
            SavedAnswer saved = book.saved(key, clock.instant());
            if (saved == null) {
                return execute(call, key, fingerprint, execution, fault);
            }
            if (!saved.fingerprint().equals(fingerprint)) {
                throw Refusal.of(
                        400,
                        "idempotency_error",
                        null,
                        "Keys for idempotent requests can only be used with the same parameters they were first used"
                                + " with. Try using a key other than '" + key
                                + "' if you meant to execute a different request.");
            }
            return answer(saved.status(), saved.body()).with("Idempotent-Replayed", "true");
        } finally {
            keysInUse.remove(key);
        }
    }

    private Answer execute(
            Call call, @Nullable String key, String fingerprint, Execution execution, Faults.@Nullable Fault fault) {
        Instant now = clock.instant();
        boolean savesErrors = !call.isV2();
        boolean savedError = savesErrors && fault != null && fault.kind() == Faults.Kind.ERROR;
        boolean before = fault != null && fault.when() == Faults.When.BEFORE;
        if (fault != null && before) {
            Answer answer = faults.answer(fault, Faults::error);
            if (key != null && savedError) {
                book.save(saved(key, fingerprint, now, answer));
            }
            return answer;
        }
        Answer answer;
        boolean keep = key != null && (fault == null || fault.kind() != Faults.Kind.ERROR_UNSAVED);
        try {
            Effect effect = execution.judge(now);
            answer = answer(200, effect.body());
            Answer remembered = savedError ? Faults.error() : answer;
            effect.commit().apply(key != null && keep ? saved(key, fingerprint, now, remembered) : null);
        } catch (Refusal refusal) {
            answer = refusal.answer(call);
            if (key != null && keep && savesErrors && refusal.saved()) {
                book.save(saved(key, fingerprint, now, answer));
            }
        }
        Answer real = answer;
        return fault == null ? real : faults.answer(fault, () -> real);
    }

    private static SavedAnswer saved(String key, String fingerprint, Instant now, Answer answer) {
        return new SavedAnswer(key, fingerprint, now, answer.status(), answer.body());
    }

    private static Answer answer(int status, String body) {
        Answer answer = new Answer(status, Map.of(), "application/json", body);
        return status == 400 ? answer.with("stripe-should-retry", "false") : answer;
    }

    private static String fingerprint(Call call) {
        String canonical = call.path() + (call.isV2() ? call.body() : new TreeMap<>(Form.pairs(call.body())));
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
