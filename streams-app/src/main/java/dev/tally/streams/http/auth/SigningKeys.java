package dev.tally.streams.http.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.IOException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuer's public keys. They are read when first needed and again every five minutes; a key that is not known has them read at once, at most
 * every thirty seconds, so that made-up names of keys cost the issuer nothing. Keys that were read more than ten minutes ago, since nobody called, are read
 * again before they are used. While they cannot be read the last ones are used, for a day.
 *
 * <p>Only keys that fit are taken: RSA of 2048 bits or more, P-256, Ed25519; meant for signatures, where they say what they are meant for.
 */
public final class SigningKeys {

    static final Duration REFRESH_EVERY = Duration.ofMinutes(5);
    static final Duration TRUSTED_FOR = Duration.ofMinutes(10);
    static final Duration KEPT_AT_MOST = Duration.ofHours(24);
    static final Duration UNKNOWN_EVERY = Duration.ofSeconds(30);
    static final Duration TRY_EVERY = Duration.ofSeconds(5);

    /** Less than an issuer that hangs takes: calls that wait for it hold threads that others need. */
    private static final Duration AWAITED = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(SigningKeys.class);
    private static final int MIN_RSA_BITS = 2048;

    private final KeySource source;
    private final InstantSource clock;
    private final Executor background;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile @Nullable Snapshot snapshot;
    private volatile @Nullable Instant triedAt;
    private volatile @Nullable Instant failedAt;

    /**
     * Keys that are read from a source when needed.
     *
     * @param background reads them again while those that are known are still used
     */
    public SigningKeys(KeySource source, InstantSource clock, Executor background) {
        this.source = source;
        this.clock = clock;
        this.background = background;
    }

    /** What may have signed a token. */
    sealed interface Lookup {

        /** Any of these may have. */
        record Candidates(List<JWSVerifier> verifiers) implements Lookup {}

        /** No key that is known. */
        record Unknown() implements Lookup {}

        /** Nobody can tell before so long. */
        record Away(Duration retryAfter) implements Lookup {}
    }

    private record Key(@Nullable String id, JWSAlgorithm algorithm, JWSVerifier verifier) {}

    private record Snapshot(List<Key> keys, Instant readAt) {}

    private enum Reading {
        DONE,
        FAILED,
        NOT_DUE,
        UNDER_WAY
    }

    /** Why no keys can be had from a source now; empty when they can. */
    public static Optional<String> problem(KeySource source) {
        try {
            return usable(source.read()).isEmpty()
                    ? Optional.of("has no key of RSA (2048 bits or more), P-256 or Ed25519 for signatures")
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.of("cannot be read");
        } catch (ParseException e) {
            return Optional.of("is not a JSON Web Key Set");
        }
    }

    /** The keys that may have signed a token with this header. */
    Lookup lookup(JWSHeader header) {
        Instant now = clock.instant();
        Snapshot known = snapshot;
        if (known == null || known.readAt().plus(KEPT_AT_MOST).isBefore(now)) {
            if (read(TRY_EVERY) == Reading.UNDER_WAY) {
                boolean unused = isOver();
            }
            known = snapshot;
            if (known == null || known.readAt().plus(KEPT_AT_MOST).isBefore(now)) {
                return new Lookup.Away(TRY_EVERY);
            }
        } else if (known.readAt().plus(TRUSTED_FOR).isBefore(now) && !hasFailedLately(now)) {
            // Nobody has called for a while, so nobody has had them read: a key may have been taken out since.
            if (read(UNKNOWN_EVERY) == Reading.UNDER_WAY && !isOver()) {
                return new Lookup.Away(Duration.ofSeconds(1));
            }
            known = Objects.requireNonNull(snapshot);
        } else if (known.readAt().plus(REFRESH_EVERY).isBefore(now) && isDue(UNKNOWN_EVERY) && !reading.isLocked()) {
            background.execute(() -> read(UNKNOWN_EVERY));
        }
        List<JWSVerifier> fitting = fitting(known, header);
        if (fitting.isEmpty() && header.getKeyID() != null) {
            switch (read(UNKNOWN_EVERY)) {
                case UNDER_WAY -> {
                    return new Lookup.Away(Duration.ofSeconds(1));
                }
                case DONE, FAILED, NOT_DUE -> {
                    Snapshot newest = snapshot;
                    fitting = newest == null ? List.of() : fitting(newest, header);
                }
            }
        }
        return fitting.isEmpty() ? new Lookup.Unknown() : new Lookup.Candidates(fitting);
    }

    /** Without the name of a key, each key for its algorithm may be meant. */
    private static List<JWSVerifier> fitting(Snapshot known, JWSHeader header) {
        return known.keys().stream()
                .filter(key -> key.algorithm().equals(header.getAlgorithm()))
                .filter(key -> header.getKeyID() == null || header.getKeyID().equals(key.id()))
                .map(Key::verifier)
                .toList();
    }

    /** Reads the keys, unless that is under way or was tried just now. */
    private Reading read(Duration apart) {
        if (!reading.tryLock()) {
            return Reading.UNDER_WAY;
        }
        try {
            if (!isDue(apart)) {
                return Reading.NOT_DUE;
            }
            Instant now = clock.instant();
            triedAt = now;
            Reading outcome = readFromSource(now);
            failedAt = outcome == Reading.FAILED ? now : null;
            return outcome;
        } finally {
            reading.unlock();
        }
    }

    /** Waits a moment for the reading that is under way: of calls that come at the same time one reads, and all need what it reads. */
    private boolean isOver() {
        try {
            if (!reading.tryLock(AWAITED.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
            reading.unlock();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Reading readFromSource(Instant now) {
        try {
            List<Key> keys = usable(source.read());
            if (keys.isEmpty()) {
                log.atWarn().log("The set of signing keys has none that can be used; those known before stay in use");
                return Reading.FAILED;
            }
            snapshot = new Snapshot(keys, now);
            return Reading.DONE;
        } catch (IOException e) {
            log.atWarn().addKeyValue("reason", e.getMessage()).log("Signing keys cannot be read");
            return Reading.FAILED;
        } catch (ParseException e) {
            log.atWarn().addKeyValue("reason", "not a JSON Web Key Set").log("Signing keys cannot be read");
            return Reading.FAILED;
        }
    }

    /** Whether it is known that they are away: calls need not wait to find that out. */
    private boolean hasFailedLately(Instant now) {
        Instant last = failedAt;
        return last != null && last.plus(REFRESH_EVERY).isAfter(now);
    }

    private boolean isDue(Duration apart) {
        Instant before = triedAt;
        return before == null || !before.plus(apart).isAfter(clock.instant());
    }

    private static List<Key> usable(String json) throws ParseException {
        List<Key> keys = new ArrayList<>();
        for (JWK jwk : JWKSet.parse(json).getKeys()) {
            Key key = usable(jwk);
            if (key != null) {
                keys.add(key);
            }
        }
        return List.copyOf(keys);
    }

    private static @Nullable Key usable(JWK jwk) {
        if ((jwk.getKeyUse() != null && !KeyUse.SIGNATURE.equals(jwk.getKeyUse()))
                || (jwk.getKeyOperations() != null && !jwk.getKeyOperations().contains(KeyOperation.VERIFY))) {
            return null;
        }
        try {
            Key key = switch (jwk) {
                case RSAKey rsa
                when rsa.size() >= MIN_RSA_BITS ->
                    new Key(jwk.getKeyID(), JWSAlgorithm.RS256, new RSASSAVerifier(rsa.toPublicJWK()));
                case ECKey ec
                when Curve.P_256.equals(ec.getCurve()) ->
                    new Key(jwk.getKeyID(), JWSAlgorithm.ES256, new ECDSAVerifier(ec.toPublicJWK()));
                case OctetKeyPair okp
                when Curve.Ed25519.equals(okp.getCurve()) ->
                    new Key(jwk.getKeyID(), JWSAlgorithm.EdDSA, new Ed25519Verifier(okp));
                default -> null;
            };
            return key == null
                            || (jwk.getAlgorithm() != null
                                    && !jwk.getAlgorithm().equals(key.algorithm()))
                    ? null
                    : key;
        } catch (JOSEException e) {
            return null;
        }
    }
}
