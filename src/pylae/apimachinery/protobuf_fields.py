"""Field numbers of the messages that Kubernetes clients send as protobuf, in the table format of `protobuf_messages`.

Names are those of the JSON form. A `?` stands where Go has a pointer, and zero is a value. `ignored` is known and
dropped. The numbers are facts of Kubernetes' `generated.proto` files. What `kubectl create` makes is whole; of a Pod's
template only what `kubectl create deployment` fills in is here.
"""

from typing import Final

MESSAGES: Final = """
Unknown typeMeta=1:TypeMeta raw=2:bytes contentEncoding=3 contentType=4
TypeMeta apiVersion=1 kind=2

ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7:int64 \
creationTimestamp=8:Time deletionTimestamp=9:Time deletionGracePeriodSeconds=10?:int64 labels=11{} annotations=12{} \
ownerReferences=13*:OwnerReference finalizers=14* managedFields=17*:ignored
OwnerReference kind=1 name=3 uid=4 apiVersion=5 controller=6?:bool blockOwnerDeletion=7?:bool
Time seconds=1:int64 nanos=2:int32
MicroTime seconds=1:int64 nanos=2:int32
IntOrString type=1:int64 intVal=2:int32 strVal=3
Quantity string=1
LabelSelector matchLabels=1{} matchExpressions=2*:LabelSelectorRequirement
LabelSelectorRequirement key=1 operator=2 values=3*
Condition type=1 status=2 observedGeneration=3:int64 lastTransitionTime=4:Time reason=5 message=6
DeleteOptions gracePeriodSeconds=1?:int64 preconditions=2:Preconditions orphanDependents=3?:bool propagationPolicy=4? \
dryRun=5* ignoreStoreReadErrorWithClusterBreakingPotential=6?:bool
Preconditions uid=1? resourceVersion=2?

Namespace metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus
NamespaceSpec finalizers=1*
NamespaceStatus phase=1 conditions=2*:ignored
Secret metadata=1:ObjectMeta data=2{}:bytes type=3 stringData=4{} immutable=5?:bool
ConfigMap metadata=1:ObjectMeta data=2{} binaryData=3{}:bytes immutable=4?:bool
ServiceAccount metadata=1:ObjectMeta secrets=2*:ObjectReference imagePullSecrets=3*:LocalObjectReference \
automountServiceAccountToken=4?:bool
ObjectReference kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
LocalObjectReference name=1

Service metadata=1:ObjectMeta spec=2:ServiceSpec status=3:ServiceStatus
ServiceSpec ports=1*:ServicePort selector=2{} clusterIP=3 type=4 externalIPs=5* sessionAffinity=7 loadBalancerIP=8 \
loadBalancerSourceRanges=9* externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12:int32 \
publishNotReadyAddresses=13:bool sessionAffinityConfig=14:SessionAffinityConfig ipFamilyPolicy=17? clusterIPs=18* \
ipFamilies=19* allocateLoadBalancerNodePorts=20?:bool loadBalancerClass=21? internalTrafficPolicy=22? \
trafficDistribution=23?
ServicePort name=1 protocol=2 port=3:int32 targetPort=4:IntOrString nodePort=5:int32 appProtocol=6?
SessionAffinityConfig clientIP=1:ClientIPConfig
ClientIPConfig timeoutSeconds=1?:int32
ServiceStatus loadBalancer=1:LoadBalancerStatus conditions=2*:Condition
LoadBalancerStatus ingress=1*:LoadBalancerIngress
LoadBalancerIngress ip=1 hostname=2 ipMode=3? ports=4*:PortStatus
PortStatus port=1:int32 protocol=2 error=3?

Event metadata=1:ObjectMeta involvedObject=2:ObjectReference reason=3 message=4 source=5:EventSource \
firstTimestamp=6:Time lastTimestamp=7:Time count=8:int32 type=9 eventTime=10:MicroTime series=11:EventSeries action=12 \
related=13:ObjectReference reportingComponent=14 reportingInstance=15
EventSource component=1 host=2
EventSeries count=1:int32 lastObservedTime=2:MicroTime
Endpoints metadata=1:ObjectMeta subsets=2*:EndpointSubset
EndpointSubset addresses=1*:EndpointAddress notReadyAddresses=2*:EndpointAddress ports=3*:EndpointPort
EndpointAddress ip=1 targetRef=2:ObjectReference hostname=3 nodeName=4?
EndpointPort name=1 port=2:int32 protocol=3 appProtocol=4?
EndpointSlice metadata=1:ObjectMeta endpoints=2*:Endpoint ports=3*:SlicePort addressType=4
Endpoint addresses=1* conditions=2:EndpointConditions hostname=3? targetRef=4:ObjectReference deprecatedTopology=5{} \
nodeName=6? zone=7? hints=8:EndpointHints
EndpointConditions ready=1?:bool serving=2?:bool terminating=3?:bool
EndpointHints forZones=1*:ForZone forNodes=2*:ForZone
ForZone name=1
SlicePort name=1? protocol=2? port=3?:int32 appProtocol=4?
Lease metadata=1:ObjectMeta spec=2:LeaseSpec
LeaseSpec holderIdentity=1? leaseDurationSeconds=2?:int32 acquireTime=3:MicroTime renewTime=4:MicroTime \
leaseTransitions=5?:int32 strategy=6? preferredHolder=7?

Deployment metadata=1:ObjectMeta spec=2:DeploymentSpec status=3:ignored
DeploymentSpec replicas=1?:int32 selector=2:LabelSelector template=3:PodTemplateSpec strategy=4:DeploymentStrategy \
minReadySeconds=5:int32 revisionHistoryLimit=6?:int32 paused=7:bool progressDeadlineSeconds=9?:int32
DeploymentStrategy type=1 rollingUpdate=2:RollingUpdateDeployment
RollingUpdateDeployment maxUnavailable=1:IntOrString maxSurge=2:IntOrString
PodTemplateSpec metadata=1:ObjectMeta spec=2:PodSpec
PodSpec containers=2*:Container restartPolicy=3 terminationGracePeriodSeconds=4?:int64 activeDeadlineSeconds=5?:int64 \
dnsPolicy=6 nodeSelector=7{} serviceAccountName=8 serviceAccount=9 nodeName=10 hostNetwork=11:bool hostPID=12:bool \
hostIPC=13:bool imagePullSecrets=15*:LocalObjectReference hostname=16 subdomain=17 schedulerName=19 \
initContainers=20*:Container automountServiceAccountToken=21?:bool priorityClassName=24
Container name=1 image=2 command=3* args=4* workingDir=5 ports=6*:ContainerPort env=7*:EnvVar \
resources=8:ResourceRequirements terminationMessagePath=13 imagePullPolicy=14 stdin=16:bool stdinOnce=17:bool \
tty=18:bool terminationMessagePolicy=20
ContainerPort name=1 hostPort=2:int32 containerPort=3:int32 protocol=4 hostIP=5
EnvVar name=1 value=2
ResourceRequirements limits=1{}:Quantity requests=2{}:Quantity

Role metadata=1:ObjectMeta rules=2*:PolicyRule
ClusterRole metadata=1:ObjectMeta rules=2*:PolicyRule aggregationRule=3:AggregationRule
AggregationRule clusterRoleSelectors=1*:LabelSelector
RoleBinding metadata=1:ObjectMeta subjects=2*:Subject roleRef=3:RoleRef
ClusterRoleBinding metadata=1:ObjectMeta subjects=2*:Subject roleRef=3:RoleRef
PolicyRule verbs=1* apiGroups=2* resources=3* resourceNames=4* nonResourceURLs=5*
Subject kind=1 apiGroup=2 name=3 namespace=4
RoleRef apiGroup=1 kind=2 name=3

SelfSubjectAccessReview metadata=1:ObjectMeta spec=2:AccessReviewSpec status=3:ignored
AccessReviewSpec resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
ResourceAttributes namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7
NonResourceAttributes path=1 verb=2
SelfSubjectRulesReview metadata=1:ObjectMeta spec=2:RulesReviewSpec status=3:ignored
RulesReviewSpec namespace=1
SelfSubjectReview metadata=1:ObjectMeta status=2:ignored
"""
