package dev.tally.streams.http.auth;

import com.nimbusds.jwt.JWTClaimsSet;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What instances of one installation show each other, so that questions between them are answered to nobody else. */
public sealed interface InstanceCredentials {

    /** Headers for a call to another instance. They are good for half a minute: made for each call. */
    Map<String, String> headers();

    /** Whether a call comes from another instance. {@code token} is the bearer token that it carries, if any. */
    boolean accepts(@Nullable String token);

    /** Instances that share a secret. */
    static InstanceCredentials sharing(InstanceSecret secret, InstantSource clock) {
        return new Shared(new OwnTokens(secret, "tally-instance", clock));
    }

    /** Without a secret: on a loopback address nobody else calls. */
    static InstanceCredentials none() {
        return new NotNeeded();
    }

    /** Without a secret on an address that others reach: no call is taken for one of another instance. */
    static InstanceCredentials missing() {
        return new Missing();
    }

    /** A token for each call. */
    record Shared(OwnTokens tokens) implements InstanceCredentials {
        @Override
        public Map<String, String> headers() {
            return Map.of("Authorization", "Bearer " + tokens.make(new JWTClaimsSet.Builder()));
        }

        @Override
        public boolean accepts(@Nullable String token) {
            return token != null && tokens.check(token).isPresent();
        }
    }

    /** Anybody may ask. */
    record NotNeeded() implements InstanceCredentials {
        @Override
        public Map<String, String> headers() {
            return Map.of();
        }

        @Override
        public boolean accepts(@Nullable String token) {
            return true;
        }
    }

    /** Nobody may ask. */
    record Missing() implements InstanceCredentials {
        @Override
        public Map<String, String> headers() {
            return Map.of();
        }

        @Override
        public boolean accepts(@Nullable String token) {
            return false;
        }
    }
}
