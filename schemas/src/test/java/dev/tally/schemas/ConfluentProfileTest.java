package dev.tally.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/** The profile cannot be resolved where Confluent's repository is out of reach, so at least its content is held fast. */
final class ConfluentProfileTest {

    private static final String PROFILE = "/project/profiles/profile[id='confluent']";

    private final XPath xpath = XPathFactory.newInstance().newXPath();

    @Test
    void shouldTakeTheSerdeFromConfluentsRepository() throws Exception {
        Document root = pom("../pom.xml");
        Document schemas = pom("pom.xml");

        assertThat(xpath.evaluate(PROFILE + "/repositories/repository[id='confluent']/url", root))
                .isEqualTo("https://packages.confluent.io/maven/");
        assertThat(xpath.evaluate("/project/properties/confluent.version", root))
                .isEqualTo("8.3.1");
        assertThat(xpath.evaluate(
                        PROFILE + "/dependencyManagement//dependency[artifactId='kafka-streams-avro-serde']/version",
                        root))
                .isEqualTo("${confluent.version}");
        assertThat(xpath.evaluate("count(" + PROFILE + "/dependencies/dependency)", schemas))
                .isEqualTo("1");
        assertThat(xpath.evaluate(PROFILE + "/dependencies/dependency/groupId", schemas))
                .isEqualTo("io.confluent");
        assertThat(xpath.evaluate(PROFILE + "/dependencies/dependency/artifactId", schemas))
                .isEqualTo("kafka-streams-avro-serde");
        assertThat(xpath.evaluate(PROFILE + "/dependencies/dependency/scope", schemas))
                .isEqualTo("runtime");
        assertThat(xpath.evaluate(PROFILE + "//tally.serde.class", schemas))
                .isEqualTo("io.confluent.kafka.streams.serdes.avro.GenericAvroSerde");
    }

    @Test
    void shouldStayOnApachesKafka() throws Exception {
        Document root = pom("../pom.xml");

        assertThat(xpath.evaluate("/project/properties/kafka.version", root)).isEqualTo("4.3.1");
        for (String artifact : new String[] {"kafka-clients", "kafka-streams"}) {
            assertThat(xpath.evaluate(
                            "/project/dependencyManagement/dependencies/dependency[artifactId='" + artifact
                                    + "']/version",
                            root))
                    .isEqualTo("${kafka.version}");
        }
    }

    @Test
    void shouldReachConfluentsRepositoryOnlyInTheProfile() throws Exception {
        assertThat(xpath.evaluate("count(//repository)", pom("../pom.xml"))).isEqualTo("1");
        assertThat(xpath.evaluate("count(//repository)", pom("pom.xml"))).isEqualTo("0");
    }

    private static Document pom(String path) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of(path).toFile());
    }
}
