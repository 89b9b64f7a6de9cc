package dev.tally.streams.query;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import dev.tally.keys.Subject;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Questions and answers as instances send them to each other, several at a time: as many answers as questions, in their order. A field
 * that is missing is an error and never a zero: an instance of another version is then not understood, and its answer counts as none.
 */
final class QuestionJson {

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .addModule(texts())
            .build();

    private QuestionJson() {}

    /**
     * A question to another instance.
     *
     * @param copies whether a copy's answer is wanted where that is all there is
     */
    record Asked(Question<?> question, boolean copies) {}

    enum Kind {
        FOUND,
        FROM_STANDBY,
        OUT_OF_RETENTION,
        ABSENT,
        NOT_READY
    }

    /** An answer on its way; {@link #answer} takes it out. */
    record Said(
            Kind kind,
            @Nullable TokenBuffer value,
            boolean stale,
            long lag,
            @Nullable LocalDate oldest,
            @Nullable String text,
            long retryAfterMillis) {}

    static byte[] write(List<Asked> asked) {
        return bytes(asked);
    }

    /**
     * The questions of a request; empty where one is not understood here, as one that only another version knows.
     *
     * @throws IllegalArgumentException where this is no list of them
     */
    static List<Optional<Asked>> readAsked(String json) {
        try {
            List<@Nullable TokenBuffer> asked = MAPPER.readValue(json, new TypeReference<>() {});
            if (asked != null) {
                return asked.stream().map(QuestionJson::asked).toList();
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no questions: " + e.getOriginalMessage(), e);
        }
        throw new IllegalArgumentException("no questions");
    }

    private static Optional<Asked> asked(@Nullable TokenBuffer tokens) {
        if (tokens == null) {
            return Optional.empty();
        }
        try (JsonParser question = tokens.asParser(MAPPER)) {
            return Optional.ofNullable(MAPPER.readValue(question, Asked.class)).filter(one -> one.question() != null);
        } catch (IOException notUnderstood) {
            return Optional.empty();
        }
    }

    static <T> Said said(Answer<T> answer, TypeReference<T> type) {
        return switch (answer) {
            case Answer.Found<T>(T value, boolean stale) ->
                new Said(Kind.FOUND, tokens(value, type), stale, 0, null, null, 0);
            case Answer.FromStandby<T>(T value, long lag) ->
                new Said(Kind.FROM_STANDBY, tokens(value, type), true, lag, null, null, 0);
            case Answer.OutOfRetention<T>(LocalDate oldest) ->
                new Said(Kind.OUT_OF_RETENTION, null, false, 0, oldest, null, 0);
            case Answer.Absent<T>(String what) -> new Said(Kind.ABSENT, null, false, 0, null, what, 0);
            case Answer.NotReady<T>(String reason, Duration retryAfter) ->
                new Said(Kind.NOT_READY, null, false, 0, null, reason, retryAfter.toMillis());
        };
    }

    private static <T> TokenBuffer tokens(T value, TypeReference<T> type) {
        try (TokenBuffer tokens = new TokenBuffer(MAPPER, false)) {
            MAPPER.writerFor(type).writeValue(tokens, value);
            return tokens;
        } catch (IOException e) {
            throw new IllegalStateException("an answer cannot be written", e);
        }
    }

    static byte[] writeSaid(List<Said> said) {
        return bytes(said);
    }

    private static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("questions or answers cannot be written", e);
        }
    }

    /**
     * Reads the answers to so many questions.
     *
     * @throws IOException where these are not so many answers
     */
    static List<Said> readSaid(byte[] json, int questions) throws IOException {
        List<Said> said = MAPPER.readValue(json, new TypeReference<>() {});
        if (said == null || said.size() != questions) {
            throw new IOException("no " + questions + " answers");
        }
        return said;
    }

    /** @throws IOException where it is no answer of that type */
    static <T> Answer<T> answer(@Nullable Said said, TypeReference<T> type) throws IOException {
        if (said == null || said.kind() == null) {
            throw new IOException("no answer");
        }
        return switch (said.kind()) {
            case FOUND -> new Answer.Found<>(value(said, type), said.stale());
            case FROM_STANDBY -> new Answer.FromStandby<>(value(said, type), said.lag());
            case OUT_OF_RETENTION -> new Answer.OutOfRetention<>(there(said.oldest()));
            case ABSENT -> new Answer.Absent<>(there(said.text()));
            case NOT_READY ->
                new Answer.NotReady<>(there(said.text()), Duration.ofMillis(Math.max(0, said.retryAfterMillis())));
        };
    }

    private static <T> T value(Said said, TypeReference<T> type) throws IOException {
        try (JsonParser value = there(said.value()).asParser(MAPPER)) {
            T read = MAPPER.readerFor(type).readValue(value);
            return there(read);
        }
    }

    private static <T> T there(@Nullable T value) throws IOException {
        if (value == null) {
            throw new IOException("an answer without what it is about");
        }
        return value;
    }

    private static SimpleModule texts() {
        SimpleModule module = new SimpleModule();
        text(module, Subject.class, Subject::text, Subject::parse);
        text(module, Instant.class, Instant::toString, Instant::parse);
        text(module, LocalDate.class, LocalDate::toString, LocalDate::parse);
        // A JSON number would lose the decimals of "49.00".
        text(module, BigDecimal.class, BigDecimal::toString, BigDecimal::new);
        return module;
    }

    private static <T> void text(SimpleModule module, Class<T> type, Function<T, String> to, Function<String, T> from) {
        module.addSerializer(type, new StdScalarSerializer<T>(type) {
            private static final long serialVersionUID = 1L;

            @Override
            public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
                out.writeString(to.apply(value));
            }
        });
        module.addDeserializer(type, new StdScalarDeserializer<T>(type) {
            private static final long serialVersionUID = 1L;

            @Override
            public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
                String text = Objects.requireNonNullElse(in.getValueAsString(), "");
                try {
                    return from.apply(text);
                } catch (RuntimeException e) {
                    throw context.weirdStringException(text, handledType(), e.getMessage());
                }
            }
        });
    }
}
