package dev.tally.cli.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsLoader;
import dev.tally.sink.app.SettingsReference;
import dev.tally.streams.app.MeteringSettings;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests in {@code deploy/kubernetes}, without a cluster: that Kubernetes' API knows every field of them, that the apps start with the
 * settings they are given, and that what they refer to is there.
 */
class ManifestsTest {

    private static final Path ROOT = Path.of("../deploy/kubernetes");
    private static final Path DOCS = Path.of("../docs/kubernetes.md");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a secret stands for here: long enough for each of them. */
    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    /** A kind's schema. Kubernetes' own models refuse fields that are not of the API, required ones that are missing, and wrong types. */
    private interface Schema {
        void validate(JsonElement document) throws IOException;
    }

    private static final Map<String, Schema> SCHEMAS = Map.of(
            "v1 Namespace", V1Namespace::validateJsonElement,
            "v1 Service", V1Service::validateJsonElement,
            "v1 ServiceAccount", V1ServiceAccount::validateJsonElement,
            "apps/v1 StatefulSet", V1StatefulSet::validateJsonElement,
            "batch/v1 Job", V1Job::validateJsonElement,
            "policy/v1 PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
            "networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy::validateJsonElement,
            "autoscaling/v2 HorizontalPodAutoscaler", V2HorizontalPodAutoscaler::validateJsonElement);

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/production"})
    void shouldSayOnlyWhatKubernetesKnows(String folder) {
        Kustomized manifests = Kustomized.of(ROOT.resolve(folder));

        assertThat(manifests.documents()).hasSizeGreaterThan(10).allSatisfy(ManifestsTest::validate);
        assertThat(quantities(manifests))
                .isNotEmpty()
                .allSatisfy(
                        text -> assertThatCode(() -> Quantity.fromString(text)).doesNotThrowAnyException());
    }

    @Test
    void shouldNoticeWhatKubernetesDoesNotKnow() {
        Kustomized manifests = Kustomized.of(ROOT.resolve("base"));
        ObjectNode deep = manifests.document("StatefulSet", "streams-app").deepCopy();
        ((ObjectNode) deep.at("/spec/template/spec/containers/0/livenessProbe/httpGet")).put("pth", "/health/live");
        ObjectNode required = manifests.document("StatefulSet", "streams-app").deepCopy();
        ((ObjectNode) required.at("/spec")).remove("selector");
        ObjectNode type = manifests.document("NetworkPolicy", "streams-app").deepCopy();
        ((ObjectNode) type.at("/spec")).put("ingress", "all");
        ObjectNode version = manifests.document("Job", "tally-setup").deepCopy().put("apiVersion", "batch/v1beta1");

        assertThatThrownBy(() -> validate(deep)).hasMessageContaining("pth");
        assertThatThrownBy(() -> validate(required)).hasMessageContaining("selector");
        assertThatThrownBy(() -> validate(type)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> validate(version)).hasMessageContaining("batch/v1beta1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/production"})
    void shouldGiveTheAppsSettingsThatTheyStartWith(String folder) {
        Kustomized manifests = Kustomized.of(ROOT.resolve(folder));

        ParsedSettings app = SettingsLoader.load(
                MeteringSettings.define(), Map.of(), environment(manifests, "streams-app"), Map.of());
        ParsedSettings sink = SettingsLoader.load(
                SettingsReference.definition(), Map.of(), environment(manifests, "stripe-sink"), Map.of());

        assertThatCode(() -> new MeteringSettings(app)).doesNotThrowAnyException();
        assertThat(app.kafka())
                .containsEntry("group.instance.id", "pod-0")
                .containsEntry("main.consumer.session.timeout.ms", "30000");
        assertThat(app.string("application.server")).isEqualTo("pod-0.tally-instances.namespace-of-pod.svc:8080");
        assertThat(app.integer("http.port")).isEqualTo(port(manifests, "streams-app"));
        assertThat(sink.integer("http.port")).isEqualTo(port(manifests, "stripe-sink"));
        assertThat(sink.string("sink.instance")).isEqualTo("pod-0");
    }

    @Test
    void shouldProbeWhatIsServed() throws IOException {
        Kustomized manifests = Kustomized.of(ROOT.resolve("base"));
        Set<String> served = new TreeSet<>();
        try (InputStream openApi =
                Objects.requireNonNull(MeteringSettings.class.getResourceAsStream("/openapi.json"))) {
            JSON.readTree(openApi).required("paths").fieldNames().forEachRemaining(served::add);
        }
        String sink = Files.readString(Path.of("../stripe-sink/src/main/java/dev/tally/sink/app/HealthServer.java"));

        assertThat(probes(manifests, "streams-app")).hasSize(3).allSatisfy(probe -> {
            assertThat(served).contains(probe.required("path").asText());
            assertThat(probe.required("port").asText()).isEqualTo("http");
        });
        assertThat(probes(manifests, "stripe-sink")).hasSize(3).allSatisfy(probe -> {
            assertThat(sink).contains("get(\"" + probe.required("path").asText() + "\"");
            assertThat(probe.required("port").asText()).isEqualTo("http");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/production"})
    void shouldReferToWhatIsThere(String folder) throws IOException {
        Kustomized manifests = Kustomized.of(ROOT.resolve(folder));
        String docs = Files.readString(DOCS);

        for (JsonNode pod : pods(manifests)) {
            assertThat(manifests.configMaps().keySet())
                    .containsAll(texts(pod.findValues("configMapRef"), "/name"))
                    .containsAll(texts(pod.findValues("configMap"), "/name"));
            for (JsonNode secret : pod.findValues("secretKeyRef")) {
                assertThat(docs)
                        .contains("secret generic " + secret.required("name").asText())
                        .contains("--from-literal=" + secret.required("key").asText() + "=");
            }
        }
        for (ObjectNode set : kind(manifests, "StatefulSet")) {
            ObjectNode governing =
                    manifests.document("Service", set.at("/spec/serviceName").asText());
            assertThat(governing.at("/spec/clusterIP").asText()).isEqualTo("None");
            assertThat(set.at("/spec/selector/matchLabels")).isEqualTo(set.at("/spec/template/metadata/labels"));
        }
        Set<JsonNode> labels = new HashSet<>();
        pods(manifests).forEach(pod -> labels.add(pod.at("/metadata/labels")));
        kind(manifests, "Service").forEach(one -> assertThat(labels).contains(one.at("/spec/selector")));
        kind(manifests, "PodDisruptionBudget")
                .forEach(one -> assertThat(labels).contains(one.at("/spec/selector/matchLabels")));
        kind(manifests, "NetworkPolicy").stream()
                .filter(one -> one.at("/spec/podSelector").has("matchLabels"))
                .forEach(one -> assertThat(labels).contains(one.at("/spec/podSelector/matchLabels")));
    }

    @Test
    void shouldScaleNoFurtherThanPartitionsGo() {
        Kustomized manifests = Kustomized.of(ROOT.resolve("overlays/production"));
        Map<String, String> settings =
                Objects.requireNonNull(manifests.configMaps().get("tally-settings"));
        JsonNode autoscaler =
                kind(manifests, "HorizontalPodAutoscaler").getFirst().required("spec");

        ObjectNode target = manifests.document(
                "StatefulSet", autoscaler.at("/scaleTargetRef/name").asText());
        assertThat(target.required("spec").has("replicas")).isFalse();
        assertThat(autoscaler.required("maxReplicas").asText())
                .isEqualTo(settings.get("TALLY_ACTIONS_PARTITIONS"))
                .isEqualTo(settings.get("TALLY_SUBJECT_PARTITIONS"));
        assertThat(DOCS)
                .content()
                .contains(autoscaler.at("/metrics/0/external/metric/name").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/production"})
    void shouldConfineEveryContainer(String folder) {
        Kustomized manifests = Kustomized.of(ROOT.resolve(folder));

        assertThat(pods(manifests)).hasSize(3).allSatisfy(pod -> {
            assertThat(pod.at("/spec/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/spec/securityContext/seccompProfile/type").asText())
                    .isEqualTo("RuntimeDefault");
            assertThat(pod.at("/spec/automountServiceAccountToken").asBoolean(true))
                    .isFalse();
            assertThat(containers(pod)).isNotEmpty().allSatisfy(container -> {
                JsonNode context = container.required("securityContext");
                assertThat(context.required("readOnlyRootFilesystem").asBoolean())
                        .isTrue();
                assertThat(context.required("allowPrivilegeEscalation").asBoolean(true))
                        .isFalse();
                assertThat(context.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
                assertThat(container.at("/resources/limits/memory").asText())
                        .isNotEmpty()
                        .isEqualTo(container.at("/resources/requests/memory").asText());
            });
        });
    }

    @Test
    void shouldUseEveryFile() throws IOException {
        Set<Path> used = Kustomized.of(ROOT.resolve("overlays/production")).files();

        try (Stream<Path> all = Files.walk(ROOT)) {
            assertThat(all.filter(Files::isRegularFile).map(Path::normalize)).containsExactlyInAnyOrderElementsOf(used);
        }
    }

    @Test
    void shouldHaveACatalogueThatIsValid() {
        Kustomized manifests = Kustomized.of(ROOT.resolve("base"));
        String yaml =
                manifests.configMaps().getOrDefault("tally-catalogue", Map.of()).getOrDefault("catalogue.yaml", "");

        assertThatCode(() -> CatalogueFile.parse(yaml, "catalogue.yaml")).doesNotThrowAnyException();
    }

    private static void validate(JsonNode document) throws IOException {
        String kind = document.required("apiVersion").asText() + " "
                + document.required("kind").asText();
        Schema schema = SCHEMAS.get(kind);
        Objects.requireNonNull(schema, kind).validate(JsonParser.parseString(document.toString()));
    }

    private static List<ObjectNode> kind(Kustomized manifests, String kind) {
        return manifests.documents().stream()
                .filter(one -> one.path("kind").asText().equals(kind))
                .toList();
    }

    private static List<JsonNode> pods(Kustomized manifests) {
        return manifests.documents().stream()
                .map(one -> one.at("/spec/template"))
                .filter(JsonNode::isObject)
                .toList();
    }

    private static List<JsonNode> containers(JsonNode pod) {
        List<JsonNode> containers = new ArrayList<>();
        pod.at("/spec/initContainers").forEach(containers::add);
        pod.at("/spec/containers").forEach(containers::add);
        return containers;
    }

    private static JsonNode container(Kustomized manifests, String app) {
        return manifests.document("StatefulSet", app).at("/spec/template/spec/containers/0");
    }

    private static int port(Kustomized manifests, String app) {
        return container(manifests, app).at("/ports/0/containerPort").asInt();
    }

    private static List<JsonNode> probes(Kustomized manifests, String app) {
        return container(manifests, app).findValues("httpGet");
    }

    private static List<String> quantities(Kustomized manifests) {
        List<String> quantities = new ArrayList<>();
        for (ObjectNode document : manifests.documents()) {
            for (String of : List.of("requests", "limits")) {
                document.findValues(of).forEach(values -> values.forEach(value -> quantities.add(value.asText())));
            }
            document.findValues("sizeLimit").forEach(value -> quantities.add(value.asText()));
        }
        return quantities;
    }

    private static List<String> texts(List<JsonNode> nodes, String pointer) {
        return nodes.stream()
                .map(node -> node.at(pointer))
                .filter(JsonNode::isTextual)
                .map(JsonNode::asText)
                .toList();
    }

    /** The environment of an app's container, as Kubernetes would make it of a pod of that name. */
    private static Map<String, String> environment(Kustomized manifests, String app) {
        Map<String, String> environment = new HashMap<>();
        JsonNode container = container(manifests, app);
        container
                .path("envFrom")
                .forEach(from -> environment.putAll(Objects.requireNonNull(
                        manifests.configMaps().get(from.at("/configMapRef/name").asText()))));
        Map<String, String> fields = Map.of("metadata.name", "pod-0", "metadata.namespace", "namespace-of-pod");
        for (JsonNode variable : container.path("env")) {
            String value = variable.has("value")
                    ? variable.required("value").asText()
                    : fields.getOrDefault(
                            variable.at("/valueFrom/fieldRef/fieldPath").asText(), SECRET);
            for (Map.Entry<String, String> before : environment.entrySet()) {
                value = value.replace("$(" + before.getKey() + ")", before.getValue());
            }
            environment.put(variable.required("name").asText(), value);
        }
        return environment;
    }
}
