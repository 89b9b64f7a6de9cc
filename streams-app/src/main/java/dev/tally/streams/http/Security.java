package dev.tally.streams.http;

import dev.tally.streams.http.auth.BearerTokens;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.InstanceSecret;
import dev.tally.streams.http.auth.RateLimit;
import dev.tally.streams.http.auth.StreamTickets;
import dev.tally.streams.http.tls.ServedTls;
import dev.tally.streams.query.InstanceClient;
import java.net.http.HttpClient;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/**
 * Who may call, and how.
 *
 * @param tokens checks callers' tokens; empty where none are asked for
 * @param instances checks calls of other instances
 * @param tickets tickets for streams
 * @param rateLimit how often each caller may call
 * @param ownNames where calls are taken only under a name that is this machine's: those of its names that are not evident; empty where
 *     any name will do
 * @param metricsOpen whether metrics are shown without a token
 * @param corsOrigins origins of the web pages that may call from a browser
 * @param tls certificate and key; empty for plain HTTP
 */
public record Security(
        Optional<BearerTokens> tokens,
        InstanceCredentials instances,
        StreamTickets tickets,
        RateLimit rateLimit,
        Optional<Set<String>> ownNames,
        boolean metricsOpen,
        Set<String> corsOrigins,
        Optional<ServedTls> tls) {

    public Security {
        ownNames = ownNames.map(Set::copyOf);
        corsOrigins = Set.copyOf(corsOrigins);
    }

    /** The way to other instances: as they are served, and with what shows them who asks. */
    public InstanceClient toOthers() {
        return tls.map(served -> new InstanceClient(
                        HttpClient.newBuilder().sslContext(served.clientContext()), "https", instances::headers))
                .orElseGet(() -> new InstanceClient(instances::headers));
    }

    /** Anybody who reaches the port may call: for a loopback address. */
    public static Security open(InstantSource clock) {
        return new Security(
                Optional.empty(),
                InstanceCredentials.none(),
                new StreamTickets(InstanceSecret.random(), clock),
                new RateLimit(0, clock),
                Optional.of(Set.of()),
                true,
                Set.of(),
                Optional.empty());
    }
}
