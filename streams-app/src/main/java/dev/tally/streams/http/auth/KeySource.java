package dev.tally.streams.http.auth;

import dev.tally.settings.CommonSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where the keys that tokens are signed with are read from, as a JSON Web Key Set (RFC 7517). */
public interface KeySource {

    /** The largest set, in bytes. */
    int MAX_BYTES = 1 << 20;

    /** The set as text. Messages of what is thrown tell nothing of its content. */
    String read() throws IOException;

    /**
     * The source that a setting names.
     *
     * @param setting an https URL (http only on this machine), or the path of a file
     * @throws IllegalArgumentException saying what is wrong with it, without repeating it
     */
    static KeySource of(String setting) {
        String lower = setting.toLowerCase(Locale.ROOT);
        if (lower.startsWith("https://") || lower.startsWith("http://")) {
            URI uri = uri(setting);
            if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
                throw new IllegalArgumentException("must be an https URL with a host, without credentials or fragment");
            }
            if (lower.startsWith("http://") && !CommonSettings.isLoopback(uri.getHost())) {
                throw new IllegalArgumentException(
                        "must be an https URL: whoever is on the way of a plain one could put in keys of his own");
            }
            return new Url(uri);
        }
        try {
            return new File(Path.of(setting));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("is neither an https URL nor a path", e);
        }
    }

    private static URI uri(String setting) {
        try {
            return URI.create(setting);
        } catch (IllegalArgumentException e) {
            // The message repeats the URL.
            throw new IllegalArgumentException("is not a URL");
        }
    }

    /** A file of this machine. */
    record File(Path path) implements KeySource {
        @Override
        public String read() throws IOException {
            try (InputStream in = Files.newInputStream(path)) {
                byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                if (bytes.length > MAX_BYTES) {
                    throw new IOException("it is larger than " + MAX_BYTES + " bytes");
                }
                return new String(bytes, StandardCharsets.UTF_8);
            }
        }
    }

    /** An address on the web. Redirections are not followed. */
    record Url(URI uri, HttpClient client) implements KeySource {

        private static final Duration WITHIN = Duration.ofSeconds(5);

        Url(URI uri) {
            this(uri, HttpClient.newBuilder().connectTimeout(WITHIN).build());
        }

        @Override
        public String read() throws IOException {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            HttpRequest request = HttpRequest.newBuilder(uri)
                    .timeout(WITHIN)
                    .header("Accept", "application/json")
                    .build();
            // The request's own time-out ends with the headers; this one also bounds a body that trickles in.
            CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(
                    request,
                    HttpResponse.BodyHandlers.ofByteArrayConsumer(part -> part.ifPresent(bytes -> {
                        if (body.size() + bytes.length > MAX_BYTES) {
                            throw new IllegalStateException("larger than " + MAX_BYTES + " bytes");
                        }
                        body.writeBytes(bytes);
                    })));
            try {
                int status =
                        answer.get(WITHIN.toMillis(), TimeUnit.MILLISECONDS).statusCode();
                if (status != 200) {
                    throw new IOException("the answer is a " + status);
                }
                return body.toString(StandardCharsets.UTF_8);
            } catch (TimeoutException e) {
                throw new IOException("no answer within " + WITHIN.toSeconds() + " s");
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new IOException("no answer: " + cause.getClass().getSimpleName());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted");
            } finally {
                answer.cancel(true);
            }
        }
    }
}
