// Phosphosites of every FASTA file of a folder:
//
//     nextflow run examples/workflows/nextflow --proteins 'my-proteomes/*.fasta'
//     nextflow run examples/workflows/nextflow --proteins 'my-proteomes/*.fasta' -profile docker

include { PHOSPHOT5_PREDICT } from './modules/phosphot5/predict/main'

workflow {
    proteins = Channel
        .fromPath(params.proteins, checkIfExists: true)
        .map { fasta -> [[id: fasta.simpleName], fasta] }

    PHOSPHOT5_PREDICT(proteins)

    PHOSPHOT5_PREDICT.out.versions
        .collectFile(name: 'versions.yml', storeDir: params.outdir)
}
