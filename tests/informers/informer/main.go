// Informer prints what one of client-go's informers tells of the ConfigMaps of a namespace, a JSON line for each thing.
//
//	informer KUBECONFIG NAMESPACE
//
// Whether it lists and then watches, or asks one watch for both, is client-go's feature gate WatchListClient:
// KUBE_FEATURE_WatchListClient=true or false.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// Line is one thing that happened. Event is add, update, delete, synced, list or watch; the last two are requests, and
// Version is then what they asked for.
type Line struct {
	Event   string `json:"event"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Status  int    `json:"status,omitempty"`
}

type printer struct {
	lock    sync.Mutex
	encoder *json.Encoder
}

func (p *printer) print(line Line) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if err := p.encoder.Encode(line); err != nil {
		os.Exit(0) // nobody reads on
	}
}

// requests tells of every request before its answer is read.
type requests struct {
	next http.RoundTripper
	out  *printer
}

func (r requests) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	query := request.URL.Query()
	line := Line{Event: "list", Version: query.Get("resourceVersion")}
	if query.Has("watch") {
		line.Event = "watch"
	}
	if query.Has("sendInitialEvents") {
		line.Event = "watchlist"
	}
	if err == nil {
		line.Status = response.StatusCode
	}
	r.out.print(line)
	return response, err
}

func told(out *printer, event string, object any) {
	if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
		event, object = "vanished", unknown.Obj
	}
	configMap := object.(*corev1.ConfigMap)
	out.print(Line{Event: event, Name: configMap.Name, Version: configMap.ResourceVersion})
}

func run(kubeconfig, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	out := &printer{encoder: json.NewEncoder(os.Stdout)}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return requests{next, out} })
	config.QPS = -1 // no limit: how fast it comes back is the informer's own backoff
	client, err := kubernetes.NewForConfig(rest.AddUserAgent(config, "informer"))
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { told(out, "add", object) },
		UpdateFunc: func(before, after any) {
			// A relist tells again what is in the store already.
			if before.(*corev1.ConfigMap).ResourceVersion != after.(*corev1.ConfigMap).ResourceVersion {
				told(out, "update", after)
			}
		},
		DeleteFunc: func(object any) { told(out, "delete", object) },
	})
	if err != nil {
		return err
	}
	never := make(chan struct{})
	factory.Start(never)
	for !informer.HasSynced() {
		time.Sleep(10 * time.Millisecond)
	}
	out.print(Line{Event: "synced"})
	<-never
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: informer KUBECONFIG NAMESPACE")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
